/**
 * KEYS: documents, meta. ARGV: channel ('' to tell nobody), then for each document: kind, id, field, version, text.
 * Writes a document unless Redis has a newer one, or the very same. Each write takes the next `seq` and is published
 * with its document, all in one step, so that no edge sees a sequence number without its change. While `epoch` is missing
 * the changes are published all the same, since an edge applies what it can and counts later.
 */
export const advanceScript = `
local epoch = redis.call('HGET', KEYS[2], 'epoch') or 'none'
local written = 0
for i = 2, #ARGV, 5 do
  local kind, id, field, version, text = ARGV[i], ARGV[i+1], ARGV[i+2], tonumber(ARGV[i+3]), ARGV[i+4]
  local known = redis.call('HGET', KEYS[1], field)
  local knownVersion = known and tonumber(string.match(known, '^{"v":(%d+)[,}]')) or -1
  if knownVersion < version or (knownVersion == version and known ~= text) then
    redis.call('HSET', KEYS[1], field, text)
    written = written + 1
    local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
    if ARGV[1] ~= '' then
      redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. epoch .. '","seq":' .. seq .. ',"kind":"' .. kind ..
        '","id":"' .. id .. '","document":' .. text .. '}')
    end
  end
end
return written
`;

/**
 * KEYS: documents, meta. ARGV: channel, then for each document: field, expected text ('' for none), text ('' to remove).
 * Repairs what a reconcile run found wrong, unless somebody wrote meanwhile. It does not look at versions: after
 * PostgreSQL was restored from a backup, Redis has the higher ones, and so have the edges. So they are told to read
 * everything.
 */
export const repairScript = `
local changed = 0
for i = 2, #ARGV, 3 do
  local field, expected, text = ARGV[i], ARGV[i+1], ARGV[i+2]
  if (redis.call('HGET', KEYS[1], field) or '') == expected then
    if text == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, text) end
    changed = changed + 1
  end
end
if changed > 0 then
  local epoch = redis.call('HGET', KEYS[2], 'epoch') or 'none'
  local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
  redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. epoch .. '","seq":' .. seq .. ',"kind":"reload"}')
end
return changed
`;

/**
 * KEYS: documents, meta. ARGV: channel, rebuild token, new epoch. Declares the projection complete, but only if nothing
 * flushed Redis since the rebuild with this token began.
 */
export const completeScript = `
if redis.call('HGET', KEYS[2], 'rebuild') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], 'rebuild')
redis.call('HSET', KEYS[2], 'epoch', ARGV[3])
local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. ARGV[3] .. '","seq":' .. seq .. ',"kind":"reload"}')
return 1
`;
