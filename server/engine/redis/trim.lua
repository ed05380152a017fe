-- Drops the packets of a log before an offset, which begins a record or is the next one. ARGV: offset. Gives the oldest offset kept.
local LOG, STATE = unpack(KEYS)
local state = redis.call('HMGET', STATE, 'first', 'last')
local first, last, to = tonumber(state[1] or 1), tonumber(state[2] or 0), tonumber(ARGV[1])
if to <= first or to > last + 1 then return first end
redis.call('XTRIM', LOG, 'MINID', string.format('%.0f-0', to))
redis.call('HSET', STATE, 'first', string.format('%.0f', to))
return to
