import { limitSlackMs, limitWindows } from '@signalbox/gateway';

/** A slot for each bucket that can count at the same time (243), and some to spare. */
const slotCount = 256;
const parallelIndex = limitWindows.length + 1;
const requestWindowCount = limitWindows.filter(({ counts }) => counts === 'requests').length;

const list = (values: readonly number[]): string => `{${values.join(',')}}`;

/** Where the script's time comes from: Redis, so that no edge's clock matters. Tests put their own in its place. */
export const redisClock = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Numbers of one verdict in the answer. */
export const verdictWidth = 10;
export const verdictStatus = { admitted: 0, requests: 1, tokens: 2, parallel: 3 } as const;

/**
 * All that one edge has to say at one moment, in one step. First what is known better now (`o`: subject, time, requests,
 * tokens), the slots of requests that go on (`k`: subject, ids) or have ended (`f`), then the new requests in order (`r`: tokens,
 * id, how many, subjects): every window of every subject is checked, then all are counted, or none.
 *
 * KEYS: for each subject its hash of windows and its set of running requests. `l`: the limits of each subject, -1 for none.
 * Of a window the hash has the sum, the oldest (h) and the newest (t) bucket, and one slot per bucket in which something
 * happened. So the work does not grow with the window: each bucket is forgotten once. Outside of h..t there are no slots.
 */
export const limitsScript = `${redisClock}
local payload = cjson.decode(ARGV[1])
local floor, max = math.floor, math.max
local lengths = ${list(limitWindows.map(({ lengthMs }) => lengthMs))}
local sizes = ${list(limitWindows.map(({ bucketMs }) => bucketMs))}
local letters = {'a','b','c','d','e','f'}
local slack, slots, parallelAt, requestWindows = ${limitSlackMs}, ${slotCount}, ${parallelIndex}, ${requestWindowCount}
local lease = payload.e
local loaded = {}

local function slot(window, bucket) return window.letter .. (bucket % slots) end

-- Takes out what has left the window, and moves the head to the oldest bucket that still has something.
local function tidy(key, window)
  local from, head = window.head, nil
  while not head and from <= window.tail do
    local to = from + 15
    if to > window.tail then to = window.tail end
    local names, gone = {}, {}
    for bucket = from, to do names[#names + 1] = slot(window, bucket) end
    local values = redis.call('HMGET', key, unpack(names))
    for index = 1, #names do
      local value = tonumber(values[index] or '0')
      if value ~= 0 and from + index - 1 >= window.oldest then head = from + index - 1 break end
      if values[index] then
        window.sum = window.sum - value
        gone[#gone + 1] = names[index]
      end
    end
    if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
    from = to + 1
  end
  window.dirty = true
  window.head = head
  if not head then window.tail = nil window.sum = 0 end
end

local function readWindow(key, window, sum, head, tail, value)
  window.sum, window.head, window.tail = tonumber(sum or '0'), tonumber(head), tonumber(tail)
  if not window.tail or not window.head then
    window.sum, window.head, window.tail = 0, nil, nil
    return
  end
  if window.tail > window.current then
    -- The clock of Redis went back. A step of more than a window would shut everybody out: begin anew.
    if window.tail - window.current > 240 then window.oldest = window.tail + 1
    else
      window.current = window.tail
      value = redis.call('HGET', key, slot(window, window.current))
    end
  end
  if window.head < window.oldest then tidy(key, window) end
  if window.tail == window.current then window.count = tonumber(value or '0') end
end

local function readParallel(subject, key, limit)
  subject.parallel, subject.parallelLimit, subject.started = redis.call('ZCARD', key), limit, {}
end

-- Slots that nobody renewed are cleared away where they would be in the way.
local function isFull(subject, key)
  if subject.parallel < subject.parallelLimit or subject.isCleared then
    return subject.parallel >= subject.parallelLimit
  end
  subject.isCleared = true
  subject.parallel = subject.parallel - redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  return subject.parallel >= subject.parallelLimit
end

local function load(index)
  local subject = loaded[index]
  if subject then return subject end
  local limits, names, windows = payload.l[index], {}, {}
  subject = { windows = windows, lastsMs = 0 }
  loaded[index] = subject
  for at = 1, #lengths do
    if limits[at] >= 0 then
      local window = {
        at = at, letter = letters[at], size = sizes[at], length = lengths[at], limit = limits[at], count = 0,
        current = floor(now / sizes[at]), oldest = floor((now - lengths[at] - slack) / sizes[at]),
      }
      windows[#windows + 1] = window
      subject.lastsMs = max(subject.lastsMs, window.length + 2 * window.size + slack)
      names[#names + 1] = window.letter .. 's'
      names[#names + 1] = window.letter .. 'h'
      names[#names + 1] = window.letter .. 't'
      names[#names + 1] = slot(window, window.current)
    end
  end
  local key = KEYS[index * 2 - 1]
  if #names > 0 then
    local values = redis.call('HMGET', key, unpack(names))
    for at = 1, #windows do
      local first = at * 4 - 3
      readWindow(key, windows[at], values[first], values[first + 1], values[first + 2], values[first + 3])
    end
  end
  if limits[parallelAt] >= 0 then readParallel(subject, KEYS[index * 2], limits[parallelAt]) end
  return subject
end

local function widen(window, bucket)
  if not window.head or bucket < window.head then window.head = bucket end
  if not window.tail or bucket > window.tail then window.tail, window.isLonger = bucket, true end
  window.dirty = true
end

local function correct(key, window, atMs, amount)
  local bucket = floor(atMs / window.size)
  if bucket > window.current then bucket = window.current end
  local isKnown = window.head and bucket >= window.head and bucket <= window.tail
  if bucket < window.oldest or (amount < 0 and not isKnown) then return end
  if window.tail and bucket <= window.tail - 250 then return end
  local before
  if bucket == window.current then before = window.count
  else before = isKnown and tonumber(redis.call('HGET', key, slot(window, bucket)) or '0') or 0 end
  local after = max(0, before + amount)
  if bucket == window.current then window.count = after
  else redis.call('HSET', key, slot(window, bucket), after) end
  window.sum = window.sum + after - before
  widen(window, bucket)
end

local function waitMs(key, window, cost)
  if not window.head then return window.length end
  local over = window.sum + cost - window.limit
  if over > 1 and not window.counts then
    local names = {}
    for bucket = window.head, window.tail do names[#names + 1] = slot(window, bucket) end
    window.counts = redis.call('HMGET', key, unpack(names))
    window.countsFrom = window.head
  end
  for bucket = window.head, window.tail do
    local value = 1
    if over > 1 or bucket > window.head then
      value = bucket == window.current and window.count or tonumber(window.counts[bucket - window.countsFrom + 1] or '0')
    end
    over = over - value
    if over <= 0 then return (bucket + 1) * window.size + window.length + slack - now end
  end
  return window.length
end

for _, one in ipairs(payload.o) do
  local subject = load(one[1])
  for _, window in ipairs(subject.windows) do
    local amount = window.at <= requestWindows and one[3] or one[4]
    if amount ~= 0 then correct(KEYS[one[1] * 2 - 1], window, one[2], amount) end
  end
end
for _, one in ipairs(payload.k) do
  local key, scored = KEYS[one[1] * 2], {}
  for at = 2, #one do
    scored[#scored + 1] = now + lease
    scored[#scored + 1] = one[at]
  end
  redis.call('ZADD', key, unpack(scored))
  redis.call('PEXPIRE', key, lease)
end
for _, one in ipairs(payload.f) do redis.call('ZREM', KEYS[one[1] * 2], unpack(one, 2)) end

local answer = { now }
local function tell(value) answer[#answer + 1] = value end

-- The limit that keeps the request out longest.
local function refusal(request)
  local status, whose, which, longest = 0, 0, 0, -1
  local function note(kind, subject, at, wait)
    if wait > longest then status, whose, which, longest = kind, subject, at, wait end
  end
  for at = 4, #request do
    local index = request[at]
    local subject = load(index)
    for _, window in ipairs(subject.windows) do
      local isOfRequests = window.at <= requestWindows
      local cost = isOfRequests and request[3] or request[1]
      local kind = isOfRequests and 1 or 2
      if cost > window.limit then note(kind, index, window.at, math.huge)
      elseif window.sum + cost > window.limit then
        note(kind, index, window.at, waitMs(KEYS[index * 2 - 1], window, cost))
      end
    end
    if subject.parallel and isFull(subject, KEYS[index * 2]) then
      note(3, index, parallelAt, subject.parallelLimit == 0 and math.huge or 0)
    end
  end
  if longest == math.huge then longest = -1 end
  return status, whose, which, longest
end

local function count(request)
  for at = 4, #request do
    local subject = load(request[at])
    for _, window in ipairs(subject.windows) do
      local cost = window.at <= requestWindows and request[3] or request[1]
      window.count = window.count + cost
      window.sum = window.sum + cost
      widen(window, window.current)
    end
    if subject.parallel then
      subject.parallel = subject.parallel + 1
      subject.started[#subject.started + 1] = now + lease
      subject.started[#subject.started + 1] = request[2]
    end
  end
end

-- Of all windows the one with the least left.
local function tellTightest(request, isOfRequests)
  local found, left
  for at = 4, #request do
    for _, window in ipairs(load(request[at]).windows) do
      if (window.at <= requestWindows) == isOfRequests then
        local remaining = window.limit - window.sum
        if not left or remaining < left then found, left = window, remaining end
      end
    end
  end
  tell(found and found.limit or -1)
  tell(found and max(0, left) or 0)
  tell(found and found.head and (found.head + 1) * found.size + found.length + slack - now or 0)
end

for _, request in ipairs(payload.r) do
  local status, whose, which, wait = refusal(request)
  if status == 0 then count(request) end
  tell(status) tell(whose) tell(which) tell(wait)
  tellTightest(request, true)
  tellTightest(request, false)
end

for index, subject in pairs(loaded) do
  local key = KEYS[index * 2 - 1]
  local writes, empties, isLonger = {}, {}, false
  for _, window in ipairs(subject.windows) do
    isLonger = isLonger or window.isLonger
    if window.dirty and window.head then
      for _, value in ipairs({ window.letter .. 's', window.sum, window.letter .. 'h', window.head, window.letter .. 't', window.tail }) do
        writes[#writes + 1] = value
      end
      if window.tail == window.current then
        writes[#writes + 1] = slot(window, window.current)
        writes[#writes + 1] = window.count
      end
    elseif window.dirty then
      for _, name in ipairs({ 's', 'h', 't' }) do empties[#empties + 1] = window.letter .. name end
    end
  end
  if #empties > 0 then redis.call('HDEL', key, unpack(empties)) end
  if #writes > 0 then redis.call('HSET', key, unpack(writes)) end
  -- Longer than the rest of a bucket, so that once for each bucket is enough.
  if isLonger then redis.call('PEXPIRE', key, subject.lastsMs) end
  if subject.started and #subject.started > 0 then
    redis.call('ZADD', KEYS[index * 2], unpack(subject.started))
    redis.call('PEXPIRE', KEYS[index * 2], lease)
  end
end
return answer`;
