-- What this user may not do of all that Palabre does; nothing where it may do all. ARGV: a channel. KEYS: a key of each kind will do, they are not touched.
local KEY = KEYS[1]
for _, command in ipairs({ { 'GET', KEY }, { 'SET', KEY, 'v' }, { 'DEL', KEY }, { 'HSET', KEY, 'f', 'v' }, { 'HSETNX', KEY, 'f', 'v' }, { 'HGET', KEY, 'f' },
  { 'HMGET', KEY, 'f' }, { 'HGETALL', KEY }, { 'HKEYS', KEY }, { 'HLEN', KEY }, { 'HDEL', KEY, 'f' }, { 'HINCRBY', KEY, 'f', '1' }, { 'HSCAN', KEY, '0' },
  { 'SADD', KEY, 'm' }, { 'SREM', KEY, 'm' }, { 'SCARD', KEY }, { 'SMEMBERS', KEY }, { 'SISMEMBER', KEY, 'm' }, { 'SMISMEMBER', KEY, 'm' }, { 'SSCAN', KEY, '0' },
  { 'ZADD', KEY, '1', 'm' }, { 'ZREM', KEY, 'm' }, { 'ZCARD', KEY }, { 'ZSCORE', KEY, 'm' }, { 'ZRANGE', KEY, '0', '1' }, { 'ZRANGEBYSCORE', KEY, '0', '1' },
  { 'ZREMRANGEBYSCORE', KEY, '0', '1' }, { 'XADD', KEY, '1-0', 'f', 'v' }, { 'XLEN', KEY }, { 'XRANGE', KEY, '-', '+' }, { 'XTRIM', KEY, 'MINID', '1' },
  { 'TIME' }, { 'WAIT', '1', '1' }, { 'SPUBLISH', ARGV[1], 'm' }, { 'SSUBSCRIBE', ARGV[1] }, { 'SUNSUBSCRIBE', ARGV[1] } }) do
  if not redis.acl_check_cmd(unpack(command)) then return redis.error_reply('NOPERM this user may not ' .. command[1]) end
end
return 1
