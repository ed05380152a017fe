-- Puts sessions into a room as they were kept elsewhere; no node looks after them yet.
-- ARGV, for each: session, nick, key, turn, seq, announced, grace, why ('' held), when it ended, whether the nickname is claimed, how many refusals, them.
local SESSIONS, CLAIMS, CARE, ENDED = unpack(KEYS)
local arg = 0
local function take()
  arg = arg + 1
  return ARGV[arg]
end
while arg < #ARGV do
  local id, nick, key, turn, seq, announced, grace, why = take(), take(), take(), tonumber(take()), tonumber(take()), take() == '1', tonumber(take()), take()
  local ended, claims, refusals = take(), take() == '1', {}
  for index = 1, tonumber(take()) do refusals[index] = take() end
  redis.call('HSET', SESSIONS, id, cmsgpack.pack({ nick, key, turn, seq, refusals, announced, grace, '', false, why ~= '' and why or false,
    why ~= '' and tonumber(ended) or false }))
  if why == '' or announced then redis.call('HSET', CARE, id, '') else redis.call('ZADD', ENDED, ended, id) end
  if claims then redis.call('HSET', CLAIMS, key, id) end
end
return 1
