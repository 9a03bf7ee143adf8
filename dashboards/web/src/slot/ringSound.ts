/** The ring: two soft tones, made here, at the volume the person chose. Silent when the browser forbids sound. */

const TONES_HZ = [660, 880] as const
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

function chime(volume: number): void {
  const output = audio()
  TONES_HZ.forEach((hertz, index) => {
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

export function tryRing(volume: number): void {
  if (volume > 0) chime(volume)
}

/** Rings until the returned function is called. `volume` is asked before every chime. */
export function startRinging(volume: () => number): () => void {
  const ring = (): void => tryRing(volume())
  ring()
  const timer = window.setInterval(ring, PERIOD_S * 1000)
  return () => window.clearInterval(timer)
}
