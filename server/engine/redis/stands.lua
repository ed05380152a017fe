-- How sessions of a room stand: held, ended or unknown. ARGV: the sessions.
local stand = {}
for index, id in ipairs(ARGV) do
  local packed = redis.call('HGET', KEYS[1], id)
  stand[index] = not packed and 'unknown' or cmsgpack.unpack(packed)[10] and 'ended' or 'held'
end
return stand
