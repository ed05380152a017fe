-- Says that a node runs, for so many ms from now. Gives Redis' time, whether the lease had run out before, and the other nodes that run.
-- ARGV: node, ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
local others = {}
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', now), '+inf')) do
  if node ~= ARGV[1] then others[#others + 1] = node end
end
return { string.format('%.0f', now), until_ms < now and 1 or 0, others }
