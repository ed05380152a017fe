-- Reserves places under the cap for the newcomers of a commit, and notes which room their sessions are in. Gives how many places are taken, how
-- many of those asked for were free, and for each session the other room that it is in, or ''.
-- A node has one reservation at a time: another one takes its place, and one that comes late is not made. Those of nodes that died are nobody's.
-- ARGV: room, node, number of the reservation, how many are wanted, the cap, then the sessions.
local PLACES, SESSIONS, RESERVED, NODES = unpack(KEYS)
local room, me, number, wanted, cap = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('SCARD', PLACES)
redis.call('HLEN', SESSIONS)
local all = redis.call('HGETALL', RESERVED)
local dead = {}
for index = 1, #all, 2 do
  local of, count = string.match(all[index + 1], '^(%d+):(%d+)$')
  if all[index] == me then
    if tonumber(of) > number then return redis.error_reply('OUTDATED a later reservation of this node is made already') end
  elseif tonumber(redis.call('ZSCORE', NODES, all[index]) or 0) < now then
    dead[#dead + 1] = all[index]
  else
    held = held + tonumber(count)
  end
end
local reserved = math.max(0, math.min(wanted, cap - held))
redis.call('HSET', RESERVED, me, string.format('%.0f:%.0f', number, reserved))
for _, node in ipairs(dead) do redis.call('HDEL', RESERVED, node) end
local rooms = {}
for index = 6, #ARGV do
  if redis.call('HSETNX', SESSIONS, ARGV[index], room) == 1 then
    rooms[#rooms + 1] = ''
  else
    local known = redis.call('HGET', SESSIONS, ARGV[index])
    rooms[#rooms + 1] = known ~= room and known or ''
  end
end
return { held, reserved, rooms }
