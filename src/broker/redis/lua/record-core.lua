-- Resume records: `epoch:confirmed:written or -:at:owner`.
local function parseRecord(record)
  if not record then return nil end
  local epoch, confirmed, written, at, owner = string.match(record, '^(%w+):(%d+):([%d%-]+):(%d+):(.*)$')
  if not epoch then return nil end
  return {
    epoch = epoch, confirmed = tonumber(confirmed), written = tonumber(written), at = tonumber(at), owner = owner,
  }
end

local function writeRecord(key, epoch, confirmed, written, now, owner, seconds)
  local record = epoch .. ':' .. text(confirmed) .. ':' .. written .. ':' .. text(now) .. ':' .. owner
  redis.call('SET', key, record, 'EX', seconds)
end

-- One confirmation. A former owner is ignored; a record that is gone is made anew.
local function confirm(key, owner, epoch, confirmed, written, now, resumeSeconds)
  local record = parseRecord(redis.call('GET', key))
  if record and record.owner ~= owner then return end
  confirmed = tonumber(confirmed)
  if record and record.epoch == epoch and record.confirmed > confirmed then confirmed = record.confirmed end
  local seconds = resumeSeconds * 2
  if written ~= '-' then
    seconds = resumeSeconds
    if tonumber(written) < confirmed then written = text(confirmed) end
  end
  writeRecord(key, epoch, confirmed, written, now, owner, seconds)
end
