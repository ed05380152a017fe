-- After a commit: its reservation is over; those who were let in have a place, and those who ended give theirs back. What comes late, after the node's
-- next one, is not done: that one has it too.
-- ARGV: node, number, then session, room and how it stands (held, ended, unknown), for each.
local PLACES, SESSIONS, RESERVED = unpack(KEYS)
redis.call('SCARD', PLACES)
redis.call('HLEN', SESSIONS)
local number = tonumber(ARGV[2])
local known = redis.call('HGET', RESERVED, ARGV[1])
if known and tonumber((string.match(known, '^%d+'))) > number then return 0 end
redis.call('HSET', RESERVED, ARGV[1], string.format('%.0f:0', number))
for index = 3, #ARGV, 3 do
  local id, room, stands = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if stands == 'held' then
    redis.call('SADD', PLACES, id)
    redis.call('HSET', SESSIONS, id, room)
  else
    redis.call('SREM', PLACES, id)
    if stands == 'unknown' and redis.call('HGET', SESSIONS, id) == room then redis.call('HDEL', SESSIONS, id) end
  end
end
return 1
