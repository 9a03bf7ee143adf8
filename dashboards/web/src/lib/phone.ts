/** Phone numbers as people may see them. The server keeps E.164; here they are only grouped or masked. */

const SHOWN_AT_END = 4
const DIGIT_GROUPS = /^(\d{3})(\d{3})(\d{2})(\d{2})$/

interface Country {
  code: string
  zone: string | null
}

/** Longest prefix first. A zone only where the whole country keeps one time. */
const COUNTRIES: readonly (readonly [string, Country])[] = [
  ['+998', { code: 'UZ', zone: 'Asia/Tashkent' }],
  ['+996', { code: 'KG', zone: 'Asia/Bishkek' }],
  ['+995', { code: 'GE', zone: 'Asia/Tbilisi' }],
  ['+994', { code: 'AZ', zone: 'Asia/Baku' }],
  ['+992', { code: 'TJ', zone: 'Asia/Dushanbe' }],
  ['+971', { code: 'AE', zone: 'Asia/Dubai' }],
  ['+960', { code: 'MV', zone: 'Indian/Maldives' }],
  ['+380', { code: 'UA', zone: 'Europe/Kyiv' }],
  ['+375', { code: 'BY', zone: 'Europe/Minsk' }],
  ['+374', { code: 'AM', zone: 'Asia/Yerevan' }],
  ['+94', { code: 'LK', zone: 'Asia/Colombo' }],
  ['+91', { code: 'IN', zone: 'Asia/Kolkata' }],
  ['+90', { code: 'TR', zone: 'Europe/Istanbul' }],
  ['+86', { code: 'CN', zone: 'Asia/Shanghai' }],
  ['+84', { code: 'VN', zone: 'Asia/Ho_Chi_Minh' }],
  ['+82', { code: 'KR', zone: 'Asia/Seoul' }],
  ['+66', { code: 'TH', zone: 'Asia/Bangkok' }],
  ['+49', { code: 'DE', zone: 'Europe/Berlin' }],
  ['+44', { code: 'GB', zone: 'Europe/London' }],
  ['+39', { code: 'IT', zone: 'Europe/Rome' }],
  ['+34', { code: 'ES', zone: null }],
  ['+33', { code: 'FR', zone: 'Europe/Paris' }],
  ['+30', { code: 'GR', zone: 'Europe/Athens' }],
  ['+20', { code: 'EG', zone: 'Africa/Cairo' }],
  ['+77', { code: 'KZ', zone: 'Asia/Almaty' }],
  ['+76', { code: 'KZ', zone: 'Asia/Almaty' }],
  ['+7', { code: 'RU', zone: null }],
]

export function countryOf(number: string): Country | null {
  return COUNTRIES.find(([prefix]) => number.startsWith(prefix))?.[1] ?? null
}

/** `+77011234567` → `+7 701 123 45 67`; other numbers keep their country code apart. */
export function groupNumber(number: string): string {
  if (!number.startsWith('+')) return number
  const code = number.startsWith('+7') ? '+7' : (COUNTRIES.find(([prefix]) => number.startsWith(prefix))?.[0] ?? '')
  if (!code) return number
  const rest = number.slice(code.length)
  const grouped = DIGIT_GROUPS.exec(rest)
  return [code, ...(grouped ? grouped.slice(1) : rest.match(/.{1,3}/g) ?? [])].join('\u00a0')
}

/** `+77011234567` → `+7 701 ··· 45 67`: enough to recognise, not enough to carry away. The server may have masked it already. */
export function maskNumber(number: string): string {
  if (number.includes('···')) return number.replaceAll(' ', '\u00a0')
  const digits = number.replace(/\D/g, '')
  if (digits.length < 8) return number
  const groups = groupNumber(number).split('\u00a0')
  const head = number.startsWith('+7') ? groups.slice(0, 2) : groups.slice(0, 1)
  const tail = digits.slice(-SHOWN_AT_END)
  return [...head, '···', tail.slice(0, 2), tail.slice(2)].join('\u00a0')
}
