-- Forgets a log that keeps nothing, that nobody is in, and that nobody used since. ARGV: since, steady ms. Gives what is left of the room: '' nothing,
-- 'sessions' some that are remembered, 'log' all of it.
local LOG, STATE, SESSIONS, CLAIMS, DONE, CARE, ENDED = unpack(KEYS)
local state = redis.call('HMGET', STATE, 'first', 'last', 'used')
if state[1] then
  if tonumber(state[1]) <= tonumber(state[2]) or tonumber(state[3] or 0) > tonumber(ARGV[1]) or redis.call('HLEN', CARE) > 0 then return 'log' end
  redis.call('DEL', LOG, STATE, DONE)
end
return redis.call('HLEN', SESSIONS) > 0 and 'sessions' or ''
