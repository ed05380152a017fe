-- Gives a log another identity: what had been handed out of it is not all kept. ARGV: its identity, the new one. Gives the one it has now.
if redis.call('HGET', KEYS[1], 'log') == ARGV[1] then redis.call('HSET', KEYS[1], 'log', ARGV[2]) end
return redis.call('HGET', KEYS[1], 'log')
