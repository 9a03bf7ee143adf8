/** Groups of travellers on the wire; their titles are strangers' words. */
export interface TelegramGroup {
  bot: string
  chat_id: number
  title: string
  trip_id: string | null
  trip_title: string | null
  trip_starts_on: string | null
  trip_ends_on: string | null
  bound_at: string | null
  /** The bot was put out of it. */
  gone_at: string | null
}

export interface TelegramBot {
  name: string
  /** As Telegram calls it; null until it has told. */
  address: string | null
}

export interface TelegramGroups {
  items: TelegramGroup[]
  bots: TelegramBot[]
}

/** A trip of any client. */
export interface FoundTrip {
  id: string
  title: string
  destination: string
  starts_on: string
  ends_on: string
  client_name: string
}

/** Typed in a group before it expires, it binds that group; once. */
export interface TripCode {
  code: string
  expires_at: string
}
