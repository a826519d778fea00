-- wrk -s load.lua URL -- LIST: asks for each line of LIST in turn, "accept<TAB>path".
-- A run of eight @ in a path becomes a number that never comes again, so that no request is asked twice.
local requests, accepts, asked = {}, {}, 0
local start = os.time() % 1000000 * 1000000

function init(arguments)
  for line in io.lines(arguments[1]) do
    local accept, path = line:match("^(.-)\t(.*)$")
    requests[#requests + 1] = path
    accepts[#accepts + 1] = accept
  end
end

function request()
  local at = asked % #requests + 1
  asked = asked + 1
  local path = requests[at]:gsub("@@@@@@@@", tostring(start + asked))
  return wrk.format("GET", path, { ["Host"] = "127.0.0.1", ["Accept"] = accepts[at] })
end

function done(summary, latency, requests_a_second)
  io.write(string.format(
    'JSON {"requests": %d, "duration_us": %d, "p50_us": %.1f, "p99_us": %.1f, "bytes": %d, "errors": %d, "refused": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status))
end
