/**
 * The picture of a sound, drawn by wavesurfer.js, which is loaded when somebody first listens.
 *
 * The sound itself is played by the page's own `<audio>`, which asks the server for the pieces it
 * needs: a long talk starts at once and can be entered anywhere before it has been fetched whole.
 */
import type WaveSurfer from 'wavesurfer.js'

const HEIGHT_PX = 28
const BARS = 240
/** Longer ones are played without a picture: fetching them whole is not worth it. */
const LONGEST_S = 40 * 60
/** The rate of a telephone line. */
const SAMPLE_RATE = 8000

export interface Waveform {
  recolour: () => void
  destroy: () => void
}

/** The loudest moment of each of `bars` equal parts, 0 to 1 of the loudest of all. */
export function peaksOf(samples: ArrayLike<number>, bars: number): number[] {
  const part = Math.max(1, Math.floor(samples.length / bars))
  const peaks = Array.from({ length: Math.min(bars, samples.length) }, (_, bar) => {
    let peak = 0
    for (let index = bar * part; index < (bar + 1) * part; index += 1) peak = Math.max(peak, Math.abs(samples[index] ?? 0))
    return peak
  })
  const loudest = Math.max(...peaks, Number.EPSILON)
  return peaks.map((peak) => peak / loudest)
}

async function readPeaks(url: string): Promise<number[]> {
  const response = await fetch(url, { credentials: 'same-origin' })
  if (!response.ok) throw new Error(`no sound: ${response.status}`)
  const sound = await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(await response.arrayBuffer())
  return peaksOf(sound.getChannelData(0), BARS)
}

const colours = (host: HTMLElement): { waveColor: string; progressColor: string } => {
  const token = getComputedStyle(host)
  return { waveColor: token.getPropertyValue('--border-strong'), progressColor: token.getPropertyValue('--accent') }
}

/**
 * Wavesurfer writes its styles into the page as text, which our security policy refuses. So it is
 * made outside the document, and its styles are handed over as a sheet before it enters.
 */
function withAllowedStyles(picture: WaveSurfer): void {
  const root = picture.getWrapper().getRootNode()
  if (!(root instanceof ShadowRoot)) return
  const written = root.querySelector('style')
  if (!written) return
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(written.textContent)
  root.adoptedStyleSheets = [sheet]
  written.remove()
}

/** Null when the sound is too long to be drawn. */
export async function drawWaveform(host: HTMLElement, audio: HTMLAudioElement): Promise<Waveform | null> {
  if (!Number.isFinite(audio.duration) || audio.duration > LONGEST_S) return null
  const [{ default: Surfer }, peaks] = await Promise.all([import('wavesurfer.js'), readPeaks(audio.src)])
  const outside = document.createElement('div')
  const picture = Surfer.create({
    container: outside,
    media: audio,
    url: audio.src,
    peaks: [peaks],
    duration: audio.duration,
    height: HEIGHT_PX,
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    cursorWidth: 0,
    dragToSeek: true,
    hideScrollbar: true,
    ...colours(host),
  })
  withAllowedStyles(picture)
  host.replaceChildren(outside)
  return {
    recolour: () => picture.setOptions(colours(host)),
    destroy: () => {
      picture.destroy()
      host.replaceChildren()
    },
  }
}
