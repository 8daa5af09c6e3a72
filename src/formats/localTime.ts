let lastSecond = NaN
let lastSecondText = ''

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}

/** Local time with milliseconds, `2026-01-31 09:05:00.123`. The whole seconds are kept from call to call. */
export function localTime(micros: number): string {
  const second = Math.floor(micros / 1e6)
  if (second !== lastSecond) {
    const date = new Date(second * 1000)
    lastSecondText =
      `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}` +
      ` ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.`
    lastSecond = second
  }
  return lastSecondText + pad(Math.floor((micros - second * 1e6) / 1000), 3)
}
