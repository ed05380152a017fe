-- The records of a log from the one that holds an offset on, as many as fit into so many octets, and always one.
-- ARGV: offset, octets. Gives for each: first, last, before, at, revision, octets, tag.
local LOG, STATE = unpack(KEYS)
local from, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}
while true do
  local entries = redis.call('XRANGE', LOG, string.format('%.0f-0', from), '+', 'COUNT', 16)
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    if #found > 0 and #fields[10] > room then return found end
    room = room - #fields[10]
    local last = tonumber(string.match(entry[1], '^%d+'))
    for _, field in ipairs({ fields[4], string.format('%.0f', last), fields[6], fields[8], fields[2], fields[10], fields[12] or '' }) do found[#found + 1] = field end
    from = last + 1
  end
  if #entries < 16 or room <= 0 then return found end
end
