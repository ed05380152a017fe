const NOTES = [659.26, 880] as const;
const NOTE_S = 0.16;

let audio: AudioContext | undefined;

/** Two soft notes, made here: nothing is loaded for them. Where the browser lets no page sound yet, there is silence. */
export function chime(): void {
  try {
    audio ??= new AudioContext();
    void audio.resume().catch(() => {});
    for (const [index, hertz] of NOTES.entries()) play(audio, hertz, index * NOTE_S);
  } catch {
    // No sound on this machine.
  }
}

function play(context: AudioContext, hertz: number, afterS: number): void {
  const start = context.currentTime + afterS;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + NOTE_S * 2);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + NOTE_S * 2);
}
