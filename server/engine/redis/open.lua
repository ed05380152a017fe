-- The state of a room's log, which is made where there is none; and who is there.
-- ARGV: identity of a new log, steady ms, '1' where the people are wanted too.
local STATE, SESSIONS, CARE, LOG = unpack(KEYS)
redis.call('HLEN', SESSIONS)
redis.call('HLEN', CARE)
redis.call('XLEN', LOG)
local made = redis.call('HSETNX', STATE, 'log', ARGV[1])
if made == 1 then
  redis.call('HSET', STATE, 'first', 1, 'last', 0, 'at', 0, 'rev', 0)
  redis.call('DEL', LOG)
end
redis.call('HSET', STATE, 'used', ARGV[2])
local state = redis.call('HMGET', STATE, 'log', 'first', 'last', 'at', 'rev', 'tag')
local present = {}
if ARGV[3] == '1' then
  for _, id in ipairs(redis.call('HKEYS', CARE)) do
    local packed = redis.call('HGET', SESSIONS, id)
    local f = packed and cmsgpack.unpack(packed)
    if f and not f[10] then
      for _, field in ipairs({ id, f[1], f[2], f[8] }) do present[#present + 1] = field end
    end
  end
end
return { state[1], tonumber(state[2]), tonumber(state[3]), state[4], tonumber(state[5]), present, made, state[6] or '' }
