-- After a commit: its reservations become the places of those who were let in; of those who ended they are given back.
-- ARGV: room, name of the reservation, how many were reserved, then session and how it stands (held, ended, unknown), for each.
local PLACES, SESSIONS = unpack(KEYS)
for index = 1, tonumber(ARGV[3]) do redis.call('SREM', PLACES, ARGV[2] .. ':' .. index) end
for index = 4, #ARGV, 2 do
  local id, stands = ARGV[index], ARGV[index + 1]
  if stands == 'held' then
    redis.call('SADD', PLACES, id)
    redis.call('HSET', SESSIONS, id, ARGV[1])
  else
    redis.call('SREM', PLACES, id)
    if stands == 'unknown' and redis.call('HGET', SESSIONS, id) == ARGV[1] then redis.call('HDEL', SESSIONS, id) end
  end
end
return 1
