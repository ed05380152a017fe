-- Carries out a commit's operations on one room: all of them, or none. What server/engine/operations.ts does in one process, here for many nodes.
-- Everything is worked out in memory first and written at the end; what could fail (a key of another type) is touched before anything is written.
--
-- ARGV: node, number, its name (and that of a log, where there is none yet), wall ms ('' for Redis' own time), steady ms, history packets, channel, base of places, places reserved,
--       count of live nodes, the live nodes, count of dead nodes, the dead nodes, then the operations. UNKNOWN: of that node it has to be said whether it lives.
local LOG, STATE, SESSIONS, CLAIMS, DONE, CARE, ENDED = unpack(KEYS)
local me, number = ARGV[1], tonumber(ARGV[2])
local MAX_REFUSALS, MAX_RUNS, CLOCK_STEP_MS = 64, 16, 1000
-- As much as is handed to one receiver at once: whoever reads on from the log is given whole records.
local MAX_RECORD_PACKETS, MAX_RECORD_OCTETS = 1024, 64 * 1024

local state = redis.call('HMGET', STATE, 'log', 'first', 'last', 'at', 'rev', 'tag')
local entries = redis.call('XLEN', LOG)
redis.call('HLEN', SESSIONS)
redis.call('HLEN', CLAIMS)
redis.call('HLEN', CARE)
redis.call('ZCARD', ENDED)
local before = redis.call('HGET', DONE, me)
if before then
  local done = cmsgpack.unpack(before)
  -- The answer was lost on its way: it is given again. A commit that was given up and comes late is not carried out any more.
  -- It is written again, so that whoever waits for replicas waits for it.
  if done[1] == number then
    redis.call('HSET', DONE, me, before)
    return done[2]
  end
  if done[1] > number then return redis.error_reply('OUTDATED a later commit of this node is kept already') end
end

-- A right that was taken away would show in the middle of it.
local log_id = string.format('%.0f-0', tonumber(state[3] or 0) + 1)
for _, command in ipairs({ { 'HSET', STATE, 'f', 'v' }, { 'HSET', SESSIONS, 'f', 'v' }, { 'HSET', CLAIMS, 'f', 'v' }, { 'HDEL', CLAIMS, 'f' },
  { 'HSET', DONE, 'f', 'v' }, { 'HSET', CARE, 'f', 'v' }, { 'HDEL', CARE, 'f' }, { 'ZADD', ENDED, '1', 'm' }, { 'ZREM', ENDED, 'm' },
  { 'DEL', LOG }, { 'XADD', LOG, log_id, 'f', 'v' }, { 'XTRIM', LOG, 'MINID', '1' }, { 'XRANGE', LOG, '-', '+' }, { 'SPUBLISH', ARGV[7], 'm' } }) do
  if not redis.acl_check_cmd(unpack(command)) then return redis.error_reply('NOPERM this user may not ' .. command[1] .. ' ' .. command[2]) end
end

local made = not state[1]
local log = state[1] or ARGV[3]
local first = tonumber(state[2] or 1)
local last = tonumber(state[3] or 0)
local at0 = tonumber(state[4] or 0)
local rev = tonumber(state[5] or 0)
local tag0 = state[6] or ''
local tag = tag0
local wall = tonumber(ARGV[4])
if not wall then
  local time = redis.call('TIME')
  wall = time[1] * 1000 + math.floor(time[2] / 1000)
end
local steady = tonumber(ARGV[5])
local held, reserved = tonumber(ARGV[8]), tonumber(ARGV[9])
local live = {}
local arg = 11
local function take()
  arg = arg + 1
  return ARGV[arg - 1]
end
for _ = 1, tonumber(ARGV[10]) do live[take()] = true end
for _ = 1, tonumber(take()) do live[take()] = false end

-- Sessions and claims, as they will be.
local sessions, changed, order = {}, {}, {}
local claims = {}
local function find(id)
  local record = sessions[id]
  if record == nil then
    local packed = redis.call('HGET', SESSIONS, id)
    if packed then
      local f = cmsgpack.unpack(packed)
      record = { id = id, nick = f[1], key = f[2], turn = f[3], seq = f[4], refusals = f[5], announced = f[6], grace = f[7], node = f[8],
        carrier = f[9], why = f[10], ended = f[11], runs = f[12] or {} }
    else
      record = false
    end
    sessions[id] = record
  end
  return record or nil
end
local function change(record)
  if not changed[record.id] then
    changed[record.id] = true
    order[#order + 1] = record
  end
  return record
end
local function holds(record)
  return record and not record.why
end
local function find_held(id)
  local record = find(id)
  return holds(record) and record or nil
end
local function claimant(key)
  if claims[key] == nil then claims[key] = redis.call('HGET', CLAIMS, key) end
  return claims[key] and find(claims[key]) or nil
end
local claims_changed = {}
local function claim(record)
  claims[record.key] = record.id
  claims_changed[record.key] = true
end
local function give_back(record)
  local holder = claimant(record.key)
  if holder and holder.id == record.id then
    claims[record.key] = false
    claims_changed[record.key] = true
  end
end
-- Another node's, which runs: what is only its owner's to do is not done here. Of a node that nothing is known of that has to be found out first.
local unknown
local function elsewhere(record)
  if record.node == me then return false end
  if live[record.node] == nil then unknown = record.node end
  return live[record.node] or false
end

-- What is appended.
local packets, extra = {}, {}
local at = at0
local function service(json)
  return string.format('00%03d', #json) .. json
end
local function put(packet)
  if #packets == 0 and math.abs(wall - at0) >= CLOCK_STEP_MS then
    at = wall
    packets[1] = service(string.format('{"type":"clock","at":%.0f}', wall))
    extra[1] = { last + 1, packets[1] }
  end
  packets[#packets + 1] = packet
  return last + #packets
end

-- What the other nodes are told.
local came, went, taken = {}, {}, {}
local function tell_came(record)
  went[record.key] = nil
  came[record.key] = record
end
local function tell_went(key)
  came[key] = nil
  went[key] = true
end

local STALE = { 'stale' }
local touched = {}

local function answer(record)
  return { record.nick, record.key, record.turn, record.seq, record.refusals, holds(record) and 1 or 0, record.announced and 1 or 0,
    record.why or '', string.format('%.0f', record.grace), record.carrier or '' }
end

local function look_after(record, by)
  if record.node ~= me then taken[#taken + 1] = { record.id, by } end
  record.node = me
end

-- A `left` that another node was to say, and that would come too late.
local function settle_left(record)
  if not record or not record.why or not record.announced or record.node == me then return end
  local packet = service('{"type":"left","nicks":[' .. cjson.encode(record.nick) .. '],"why":"' .. record.why .. '"}')
  local offset = put(packet)
  extra[#extra + 1] = { offset, packet }
  change(record).announced = false
  give_back(record)
end

local function welcome(record, resumed, grace, carrier)
  change(record)
  record.turn = record.turn + 1
  record.grace = grace
  record.carrier = carrier ~= '' and carrier or false
  look_after(record, carrier ~= '' and carrier or 'stream')
  return { 'welcomed', resumed and 1 or 0, answer(record) }
end

local operations = {}

function operations.hello()
  local id, nick, key, max, grace, carrier, foreign, settles = take(), take(), take(), tonumber(take()), tonumber(take()), take(), take(), take()
  if foreign == '1' then return { 'refused', 'wrong-room', 'the session is in another room' } end
  local known = find(id)
  touched[id] = true
  if holds(known) then return welcome(known, true, grace, carrier) end
  if nick == '' then
    if not known then return { 'refused', 'nick-invalid', 'a new session needs a nickname' } end
    nick, key = known.nick, known.key
  end
  local holder = claimant(key)
  if holds(holder) then return { 'refused', 'nick-taken', 'the nickname is taken' } end
  if held >= max or reserved <= 0 then return { 'refused', 'full', 'the chat is full' } end
  held, reserved = held + 1, reserved - 1
  if settles == '1' then
    settle_left(known)
    settle_left(holder)
  end
  local record = known or { id = id, turn = 0, seq = 0, refusals = {}, announced = false, node = me, runs = {} }
  sessions[id] = record
  change(record)
  if known then give_back(record) end
  record.nick, record.key, record.why, record.ended = nick, key, false, false
  record.node = me
  claim(record)
  tell_came(record)
  return welcome(record, false, grace, carrier)
end

function operations.attend()
  local record, turn = find_held(take()), tonumber(take())
  -- A poll of an earlier turn does not take back what its hello took elsewhere.
  if not record or record.turn ~= turn then return STALE end
  if record.node ~= me then
    change(record)
    look_after(record, 'attended')
  end
  return { 'attended', answer(record) }
end

-- Why a number cannot be taken; nil where it is the session's next one.
local function numbered(record, turn, seq)
  if not record or record.turn ~= turn then return STALE end
  if seq <= record.seq then return { 'duplicate' } end
  if seq ~= record.seq + 1 then return { 'skipped' } end
  return nil
end

-- Where the numbers of its last commit are in the log, for who asks again at another node: number, offset and how many follow each other in both.
local counted = {}
local function count_up(record, seq)
  if not counted[record.id] then record.runs = {} end
  counted[record.id] = true
  change(record).seq = seq
end
local function remember(record, seq, offset)
  local runs = record.runs
  local count = runs[#runs]
  if count and runs[#runs - 2] + count == seq and runs[#runs - 1] + count == offset then
    runs[#runs] = count + 1
    return
  end
  for _, value in ipairs({ seq, offset, 1 }) do runs[#runs + 1] = value end
  for _ = 1, #runs > 3 * MAX_RUNS and 3 or 0 do table.remove(runs, 1) end
end

function operations.chat()
  local record, turn, seq, packet = find_held(take()), tonumber(take()), tonumber(take()), take()
  local fault = numbered(record, turn, seq)
  if fault then return fault end
  count_up(record, seq)
  local offset = put(packet)
  remember(record, seq, offset)
  return { 'appended', offset }
end

function operations.refuse()
  local record, turn, seq, refusal = find_held(take()), tonumber(take()), tonumber(take()), take()
  local fault = numbered(record, turn, seq)
  if fault then return fault end
  count_up(record, seq)
  -- Another table: the one before may be part of an answer.
  local refusals = {}
  for index = math.max(1, #record.refusals - MAX_REFUSALS + 2), #record.refusals do refusals[#refusals + 1] = record.refusals[index] end
  refusals[#refusals + 1] = refusal
  record.refusals = refusals
  return { 'noted' }
end

function operations.rename()
  local record, turn, nick, key, says, packet = find_held(take()), tonumber(take()), take(), take(), take(), take()
  if not record or record.turn ~= turn then return STALE end
  local holder = claimant(key)
  if holder and holder.id ~= record.id then return { 'refused', 'nick-taken', 'the nickname is taken' } end
  change(record)
  local from = record.nick
  give_back(record)
  tell_went(record.key)
  record.nick, record.key = nick, key
  claim(record)
  tell_came(record)
  return { 'renamed', from, says == '1' and put(packet) or 0 }
end

function operations.linger()
  local record, grace = find_held(take()), tonumber(take())
  if not record or elsewhere(record) then return STALE end
  if record.grace ~= grace then change(record).grace = grace end
  return { 'noted' }
end

function operations.release()
  local id, why = take(), take()
  local record = find_held(id)
  if not record or elsewhere(record) then return STALE end
  touched[id] = true
  change(record)
  record.why, record.ended, record.node = why, steady, me
  held, reserved = held - 1, reserved + 1
  tell_went(record.key)
  return { 'noted' }
end

local function take_all()
  local ids = {}
  for index = 1, tonumber(take()) do ids[index] = take() end
  return ids
end

local function note(ids, announced)
  for _, id in ipairs(ids) do
    local record = find(id)
    if record then
      if record.announced ~= announced then change(record).announced = announced end
      if not announced and record.why then give_back(record) end
    end
  end
end

function operations.announce()
  local joined, left, again, says, packet = take_all(), take_all(), take(), take(), take()
  local not_ours = {}
  for index, ids in ipairs({ joined, left }) do
    for _, id in ipairs(ids) do
      local record = find(id)
      if record and (elsewhere(record) or (again == '1' and record.announced == (index == 1))) then not_ours[#not_ours + 1] = id end
    end
  end
  if #not_ours > 0 then return { 'stale', not_ours } end
  note(joined, true)
  note(left, false)
  if says ~= '1' then return { 'noted' } end
  return { 'appended', put(packet) }
end

function operations.post()
  local key, packet = take(), take()
  if key ~= '' and holds(claimant(key)) then return { 'refused', 'nick-taken', 'the nickname is taken' } end
  return { 'appended', put(packet) }
end

local outcomes = {}
while arg <= #ARGV do outcomes[#outcomes + 1] = operations[take()]() end
if unknown then return redis.error_reply('UNKNOWN ' .. unknown) end

-- From here on it is written.
for _, record in ipairs(order) do
  redis.call('HSET', SESSIONS, record.id, cmsgpack.pack({ record.nick, record.key, record.turn, record.seq, record.refusals, record.announced,
    record.grace, record.node, record.carrier, record.why, record.ended, record.runs }))
  if record.announced or not record.why then
    redis.call('HSET', CARE, record.id, record.node)
    redis.call('ZREM', ENDED, record.id)
  else
    redis.call('HDEL', CARE, record.id)
    redis.call('ZADD', ENDED, string.format('%.0f', record.ended), record.id)
  end
end
for key in pairs(claims_changed) do
  if claims[key] then redis.call('HSET', CLAIMS, key, claims[key]) else redis.call('HDEL', CLAIMS, key) end
end

-- What is left of a log that is gone.
if made and entries > 0 then redis.call('DEL', LOG) end
local begins = last + 1
local octets = ''
local tells = #packets > 0 or next(came) or next(went) or #taken > 0
if tells then rev = rev + 1 end
if #packets > 0 then
  tag = ARGV[3]
  local most = math.max(1, math.min(MAX_RECORD_PACKETS, tonumber(ARGV[6])))
  local start, since = 1, at0
  while start <= #packets do
    local size, stop = 0, start
    while stop <= #packets and stop - start < most do
      size = size + #packets[stop]
      if size > MAX_RECORD_OCTETS and stop > start then break end
      stop = stop + 1
    end
    redis.call('XADD', LOG, string.format('%.0f-0', last + stop - start), 'r', string.format('%.0f', rev), 'f', string.format('%.0f', last + 1),
      'b', string.format('%.0f', since), 'a', string.format('%.0f', at), 'o', table.concat(packets, '', start, stop - 1), 'n', tag)
    last = last + stop - start
    start, since = stop, at
  end
  octets = table.concat(packets)
  local keeps = tonumber(ARGV[6])
  if last - first + 1 > 2 * keeps then
    local entry = redis.call('XRANGE', LOG, string.format('%.0f-0', last - keeps + 1), '+', 'COUNT', 1)[1]
    local oldest = tonumber(entry[2][4])
    if oldest > first then
      first = oldest
      redis.call('XTRIM', LOG, 'MINID', entry[1])
    end
  end
end
redis.call('HSET', STATE, 'log', log, 'first', string.format('%.0f', first), 'last', string.format('%.0f', last), 'at', string.format('%.0f', at),
  'rev', string.format('%.0f', rev), 'tag', tag, 'used', ARGV[5])

local places = {}
for id in pairs(touched) do
  places[#places + 1] = id
  places[#places + 1] = holds(find(id)) and 'held' or find(id) and 'ended' or 'unknown'
end
local reply = { log, rev, tells and 1 or 0, first, begins, last, string.format('%.0f', at0), string.format('%.0f', at), outcomes, places, extra, made and 1 or 0,
  tag0, tag }
redis.call('HSET', DONE, me, cmsgpack.pack({ number, reply }))
if tells then
  local header = { n = me, r = rev, k = first, p = tag0, g = tag }
  if #packets > 0 then header.f, header.l, header.b, header.a = begins, last, at0, at end
  for _, record in pairs(came) do
    header.c = header.c or {}
    table.insert(header.c, { record.id, record.nick, record.key })
  end
  for key in pairs(went) do
    header.w = header.w or {}
    table.insert(header.w, key)
  end
  if #taken > 0 then header.t = taken end
  redis.call('SPUBLISH', ARGV[7], cjson.encode(header) .. '\n' .. octets)
end
return reply
