/**
 * KEYS: documents, meta. ARGV: channel ('' to tell nobody), then for each document: kind, id, field, version, text.
 * Writes a document unless Redis has a newer one, or the very same. Each write takes the next `seq` and is published
 * with its document, all in one step, so that no edge sees a sequence number without its change. While `epoch` is missing
 * the edges cannot count changes and are told to read everything.
 */
export const advanceScript = `
local epoch = redis.call('HGET', KEYS[2], 'epoch')
local written = 0
for i = 2, #ARGV, 5 do
  local kind, id, field, version, text = ARGV[i], ARGV[i+1], ARGV[i+2], tonumber(ARGV[i+3]), ARGV[i+4]
  local known = redis.call('HGET', KEYS[1], field)
  local knownVersion = known and tonumber(string.match(known, '^{"v":(%d+)[,}]')) or -1
  if knownVersion < version or (knownVersion == version and known ~= text) then
    redis.call('HSET', KEYS[1], field, text)
    written = written + 1
    local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
    if epoch and ARGV[1] ~= '' then
      redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. epoch .. '","seq":' .. seq .. ',"kind":"' .. kind ..
        '","id":"' .. id .. '","document":' .. text .. '}')
    end
  end
end
if written > 0 and not epoch and ARGV[1] ~= '' then
  local seq = redis.call('HGET', KEYS[2], 'seq')
  redis.call('PUBLISH', ARGV[1], '{"epoch":"none","seq":' .. seq .. ',"kind":"reload"}')
end
return written
`;

/**
 * KEYS: documents, meta. ARGV: channel, then for each document: kind, id, field, expected text ('' for none), text ('' to
 * remove). Repairs what a reconcile run found wrong, unless somebody wrote meanwhile. It does not look at versions: after
 * PostgreSQL was restored from a backup, Redis has the higher ones.
 */
export const repairScript = `
local epoch = redis.call('HGET', KEYS[2], 'epoch') or 'none'
local written, removed = 0, 0
for i = 2, #ARGV, 5 do
  local kind, id, field, expected, text = ARGV[i], ARGV[i+1], ARGV[i+2], ARGV[i+3], ARGV[i+4]
  if (redis.call('HGET', KEYS[1], field) or '') == expected then
    local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
    if text == '' then
      redis.call('HDEL', KEYS[1], field)
      removed = removed + 1
    else
      redis.call('HSET', KEYS[1], field, text)
      written = written + 1
      if epoch ~= 'none' then
        redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. epoch .. '","seq":' .. seq .. ',"kind":"' .. kind ..
          '","id":"' .. id .. '","document":' .. text .. '}')
      end
    end
  end
end
if removed > 0 or (written > 0 and epoch == 'none') then
  local seq = redis.call('HGET', KEYS[2], 'seq')
  redis.call('PUBLISH', ARGV[1], '{"epoch":"' .. epoch .. '","seq":' .. seq .. ',"kind":"reload"}')
end
return written + removed
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
