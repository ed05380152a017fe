-- Where the records of a log begin, and of which time they are, from an offset on. ARGV: offset, how many.
local found = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], string.format('%.0f-0', tonumber(ARGV[1])), '+', 'COUNT', ARGV[2])) do
  for _, field in ipairs({ entry[2][4], entry[2][8], (string.match(entry[1], '^%d+')) }) do found[#found + 1] = field end
end
return found
