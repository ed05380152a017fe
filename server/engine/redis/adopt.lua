-- Takes over the sessions of a room that no live node looks after, at most so many at once; the nodes are told.
-- ARGV: node, at most, channel, then the live nodes. Gives which of the commits that the nodes are told of this was (0: none), the tag of the last packets, then session and what is
-- kept of it, for each.
local STATE, SESSIONS, CARE = unpack(KEYS)
local me, most = ARGV[1], tonumber(ARGV[2])
local live = { [me] = true }
for index = 4, #ARGV do live[ARGV[index]] = true end
redis.call('HLEN', SESSIONS)
local tag = redis.call('HGET', STATE, 'tag') or ''
local found, taken = { 0, tag }, {}
local care = redis.call('HGETALL', CARE)
for index = 1, #care, 2 do
  local id = care[index]
  if not live[care[index + 1]] and #taken < most then
    local packed = redis.call('HGET', SESSIONS, id)
    if packed then
      local f = cmsgpack.unpack(packed)
      f[8] = me
      redis.call('HSET', SESSIONS, id, cmsgpack.pack(f))
      redis.call('HSET', CARE, id, me)
      taken[#taken + 1] = { id, 'node' }
      found[#found + 1] = id
      found[#found + 1] = { f[1], f[2], f[3], f[4], f[5], f[10] and 0 or 1, f[6] and 1 or 0, f[10] or '', string.format('%.0f', f[7]), f[9] or '' }
    else
      redis.call('HDEL', CARE, id)
    end
  end
end
if #taken > 0 then
  local rev = redis.call('HINCRBY', STATE, 'rev', 1)
  local first = tonumber(redis.call('HGET', STATE, 'first') or 1)
  found[1] = rev
  redis.call('SPUBLISH', ARGV[3], cjson.encode({ n = me, r = rev, k = first, p = tag, g = tag, t = taken }) .. '\n')
end
return found
