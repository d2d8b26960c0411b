-- The store's own clock. Numbers become text through `text`: Lua's own conversion writes 1.7e+12.
local function nowMs()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end
