/** Sounds, made here: the ring is two soft tones, a promise one low one. At the volume the person chose. */

const RING_HZ = [660, 880] as const
const PROMISE_HZ = [330] as const
const MESSAGE_HZ = [520] as const
const ALARM_HZ = [880, 587, 880] as const
const TONE_S = 0.34
const PERIOD_S = 2.6
const LOUDEST = 0.22
const EDGE_S = 0.03

let context: AudioContext | null = null

function audio(): AudioContext {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume()
  return context
}

function play(tones: readonly number[], volume: number): void {
  if (volume <= 0) return
  const output = audio()
  tones.forEach((hertz, index) => {
    const start = output.currentTime + index * TONE_S
    const tone = output.createOscillator()
    const loudness = output.createGain()
    tone.type = 'sine'
    tone.frequency.value = hertz
    loudness.gain.setValueAtTime(0, start)
    loudness.gain.linearRampToValueAtTime(LOUDEST * volume, start + EDGE_S)
    loudness.gain.exponentialRampToValueAtTime(0.001, start + TONE_S * 1.6)
    tone.connect(loudness).connect(output.destination)
    tone.start(start)
    tone.stop(start + TONE_S * 1.6)
  })
}

export const tryRing = (volume: number): void => play(RING_HZ, volume)

/** One low chime: a promise is due soon, or has come to this desk. */
export const chimePromise = (volume: number): void => play(PROMISE_HZ, volume)

/** A client has written. */
export const chimeMessage = (volume: number): void => play(MESSAGE_HZ, volume)

/** Somebody must act: three tones that no ring has. */
export const soundAlarm = (volume: number): void => play(ALARM_HZ, volume)

/** Rings until the returned function is called. `volume` is asked before every chime. */
export function startRinging(volume: () => number): () => void {
  const ring = (): void => tryRing(volume())
  ring()
  const timer = window.setInterval(ring, PERIOD_S * 1000)
  return () => window.clearInterval(timer)
}
