-- One step over an intent.
-- KEYS[1]: its key. ARGV: operation, the record that is reserved, then the time in ms to keep it for, or the record that takes its place.
local name, operation, reserved, extra = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local kept = redis.call('GET', name)

if operation == 'reserve' then
  -- Reserved by this call, whose answer was lost with its connection.
  if kept == reserved then return false end
  if kept then return { kept, redis.call('PTTL', name) } end
  redis.call('SET', name, reserved, 'PX', extra)
  return false
end

if kept == reserved then
  if operation == 'settle' then
    redis.call('SET', name, extra, 'KEEPTTL')
  else
    redis.call('DEL', name)
  end
end
return false
