-- Reserves places under the cap for the newcomers of a commit, and notes which room their sessions are in. Gives how many places are taken, how
-- many of those asked for were free, and for each session the other room that it is in, or ''.
-- ARGV: room, name of the reservation, how many are wanted, the cap, then the sessions.
local PLACES, SESSIONS = unpack(KEYS)
local room, token, wanted, cap = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local held = redis.call('SCARD', PLACES)
redis.call('HLEN', SESSIONS)
local reserved = math.max(0, math.min(wanted, cap - held))
for index = 1, reserved do redis.call('SADD', PLACES, token .. ':' .. index) end
local rooms = {}
for index = 5, #ARGV do
  if redis.call('HSETNX', SESSIONS, ARGV[index], room) == 1 then
    rooms[#rooms + 1] = ''
  else
    local known = redis.call('HGET', SESSIONS, ARGV[index])
    rooms[#rooms + 1] = known ~= room and known or ''
  end
end
return { held, reserved, rooms }
