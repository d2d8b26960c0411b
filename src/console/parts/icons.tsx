const PATHS = {
  overview: 'M4 13h6V4H4zm0 7h6v-4H4zm10 0h6v-9h-6zm0-16v4h6V4z',
  identifiers: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8m-7 8c0-3.3 3-6 7-6s7 2.7 7 6',
  push: 'M21 3 10 14M21 3l-7 18-4-7-7-4z',
  statistics: 'M4 20V10m5 10V4m5 16v-8m5 8V7',
  settings: 'M4 7h10m4 0h2M4 17h4m4 0h8M16 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M10 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8m0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m9 2-4-4',
  out: 'M14 4H6v16h8m-3-8h10m-3-3 3 3-3 3',
  refresh: 'M20 11a8 8 0 0 0-14.5-4M4 4v4h4m-4 5a8 8 0 0 0 14.5 4M20 20v-4h-4',
} as const

export type IconName = keyof typeof PATHS

/** A line drawing beside a word that says the same: screen readers skip it. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
