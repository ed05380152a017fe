-- Forgets sessions that have ended. ARGV: session and when it ended, for each. Gives those that are forgotten.
local SESSIONS, CLAIMS, ENDED = unpack(KEYS)
local forgotten = {}
for index = 1, #ARGV, 2 do
  local id = ARGV[index]
  local score = redis.call('ZSCORE', ENDED, id)
  if score and tonumber(score) == tonumber(ARGV[index + 1]) then
    local packed = redis.call('HGET', SESSIONS, id)
    local key = packed and cmsgpack.unpack(packed)[2]
    if key and redis.call('HGET', CLAIMS, key) == id then redis.call('HDEL', CLAIMS, key) end
    redis.call('HDEL', SESSIONS, id)
    redis.call('ZREM', ENDED, id)
    forgotten[#forgotten + 1] = id
  end
end
return forgotten
