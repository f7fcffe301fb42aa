-- One decision over a guard's counts, by the server's clock.
-- KEYS[1]: what all keys begin with.
-- ARGV: operation, time in µs ('' for the server's), number of the send, recipient, client, calling code, challenge ('' where there is none),
-- 1 where it is under no limit, a number or a challenge that the operation needs, then times and period in µs of every limit ('0' where there is none).
local operation, send, exempt, extra = ARGV[1], ARGV[3], ARGV[8], ARGV[9]
local challenge = ARGV[7]
local REMEMBERED = 24 * 60 * 60 * 1000

local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function whole(number) return string.format('%.0f', number) end
local function key(kind, value) return KEYS[1] .. kind .. ':' .. value end

-- Keeps a key for this long from now; longer, if it was to be kept longer.
local function keep(name, ms)
  if redis.call('PTTL', name) < ms then redis.call('PEXPIRE', name, whole(math.ceil(ms))) end
end

-- Whom the message counts for: those of the first one, where it is sent once more.
local recipient, client, code = ARGV[4], ARGV[5], ARGV[6]
if challenge ~= '' then
  local first = redis.call('HMGET', key('challenge', challenge), 'recipient', 'client', 'code', 'exempt')
  if first[1] then
    recipient, code, exempt = first[1], first[3], first[4]
    if client == '' then client = first[2] end
  elseif recipient == '' then
    recipient = challenge
  end
end

-- The limits that the message falls under, in the order of the rules.
local places = {}
local function place(rule, kind, of, member, once)
  local times, period = tonumber(ARGV[8 + 2 * rule]), tonumber(ARGV[9 + 2 * rule])
  if times and times > 0 and of ~= '' and member ~= '' then
    places[#places + 1] = { rule = rule, name = key(kind, of), member = member, once = once, times = times, period = period }
  end
end
if send ~= '' and exempt ~= '1' then
  place(1, 'recipient', recipient, send)
  place(2, 'client', client, send)
  place(3, 'code', code, send)
  place(4, 'codes', client, code, true)
end

-- For each limit: its rule, how many places are taken, and for how many µs there is none.
local function count()
  local counts, full = {}, false
  for _, p in ipairs(places) do
    local taken = redis.call('ZCOUNT', p.name, '(' .. whole(now - p.period), '+inf')
    local wait = 0
    if taken >= p.times then
      -- A calling code counts once, and so does a send whose answer was lost with its connection.
      local own = redis.call('ZSCORE', p.name, p.member)
      if not (own and tonumber(own) > now - p.period) then
        local last = redis.call('ZREVRANGE', p.name, p.times - 1, p.times - 1, 'WITHSCORES')
        wait = tonumber(last[2]) + p.period - now
        full = true
      end
    end
    counts[#counts + 1], counts[#counts + 2], counts[#counts + 3] = p.rule, taken, wait
  end
  return counts, full
end

local operations = {}

function operations.take()
  local counts, full = count()
  if full then return counts end
  for _, p in ipairs(places) do
    redis.call('ZREMRANGEBYSCORE', p.name, '-inf', whole(now - p.period))
    redis.call('ZADD', p.name, whole(now), p.member)
    keep(p.name, p.period / 1000)
    if p.rule == 3 and recipient ~= '' then
      local unverified = key('unverified', recipient)
      redis.call('ZREMRANGEBYSCORE', unverified, '-inf', whole(now - p.period))
      redis.call('ZADD', unverified, whole(now), send)
      keep(unverified, p.period / 1000)
    end
  end
  return counts
end

function operations.note()
  local name = key('challenge', extra)
  redis.call('HSET', name, 'recipient', recipient, 'client', client, 'code', code, 'exempt', exempt)
  keep(name, REMEMBERED)
end

function operations.give_back()
  for _, p in ipairs(places) do
    if not p.once then redis.call('ZREM', p.name, p.member) end
  end
  if recipient ~= '' then redis.call('ZREM', key('unverified', recipient), send) end
end

function operations.take_try()
  local name = key('tries', challenge)
  local taken = tonumber(redis.call('GET', name) or '0')
  if taken < tonumber(extra) then
    redis.call('INCR', name)
    keep(name, REMEMBERED)
  end
  return taken
end

function operations.give_try_back()
  local name = key('tries', challenge)
  if tonumber(redis.call('GET', name) or '0') > 0 then redis.call('DECR', name) end
end

function operations.verified()
  redis.call('DEL', key('tries', challenge))
  if recipient == '' or code == '' then return end
  local unverified = key('unverified', recipient)
  for _, member in ipairs(redis.call('ZRANGE', unverified, 0, -1)) do
    redis.call('ZREM', key('code', code), member)
  end
  redis.call('DEL', unverified)
  if client ~= '' then redis.call('ZREM', key('codes', client), code) end
end

function operations.peek()
  local counts = count()
  counts[#counts + 1] = challenge ~= '' and tonumber(redis.call('GET', key('tries', challenge)) or '0') or 0
  return counts
end

return operations[operation]()
