-- What is kept of a session; nil where nothing is.
local packed = redis.call('HGET', KEYS[1], ARGV[1])
if not packed then return false end
local f = cmsgpack.unpack(packed)
return { f[1], f[2], f[3], f[4], f[5], f[10] and 0 or 1, f[6] and 1 or 0, f[10] or '', string.format('%.0f', f[7]), f[9] or '' }
