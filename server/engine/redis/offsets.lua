-- Where the numbers of a session's last commit are in the log: number, offset and how many follow each other in both, for each run of them.
local packed = redis.call('HGET', KEYS[1], ARGV[1])
return packed and cmsgpack.unpack(packed)[12] or {}
