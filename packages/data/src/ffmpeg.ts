import { execFile, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CorruptDataError, RapportError, UnavailableError } from '@rapport/core';
import { readMp4VideoTrack } from './mp4.js';

/** A video encoder of ffmpeg that LeRobot's readers and browsers can decode. */
export interface VideoEncoder {
  readonly name: 'libsvtav1' | 'libx264';
  /** As `ffprobe` and `info.json` name it. */
  readonly codec: 'av1' | 'h264';
  /** Constant rate factor; smaller is better and larger. */
  readonly crf: number;
  readonly preset: string;
}

/**
 * Encoders in order of preference. LeRobot's default is AV1 at crf 30. Pictures of flat shapes on white, which both an
 * encoder network and a person look at, come out at 37.3 dB with it; crf 18 gives 39.1 dB for a third more bytes, and
 * 4:2:0 chroma caps every setting there. H.264 needs crf 18 for the same quality.
 */
const ENCODERS: readonly VideoEncoder[] = [
  { name: 'libsvtav1', codec: 'av1', crf: 18, preset: '12' },
  { name: 'libx264', codec: 'h264', crf: 18, preset: 'medium' },
];

/** SVT-AV1 before 2.0 refuses smaller pictures. */
const SMALLEST_AV1_SIDE = 64;

/**
 * Colour conversion. Chroma is averaged over 2x2 pixels on the way in and repeated on the way out, which undo each other;
 * ffmpeg's defaults leave colours 1 to 1.4 levels (of 255) too dark and cost 0.4 dB, smoother chroma costs 4 dB.
 */
const ENCODE_COLOUR = 'scale=flags=area';
const DECODE_COLOUR = 'scale=flags=neighbor+accurate_rnd+full_chroma_int';

/** Distance between key frames: LeRobot's choice, so that a random frame costs at most two decodes. */
export const KEY_FRAME_INTERVAL = 2;

/** What to do when ffmpeg is missing. */
export const FFMPEG_FIX = 'install it: apt-get install -y ffmpeg';

export interface FfmpegInfo {
  /** First line of `ffmpeg -version`, without the word `ffmpeg`. */
  readonly version: string;
  /** Usable encoders, the preferred first. */
  readonly encoders: readonly VideoEncoder[];
}

let probed: Promise<FfmpegInfo | undefined> | undefined;

/** What the `ffmpeg` on the PATH can do; undefined when there is none. Asked once per process. */
export function findFfmpeg(): Promise<FfmpegInfo | undefined> {
  probed ??= probeFfmpeg();
  return probed;
}

async function probeFfmpeg(): Promise<FfmpegInfo | undefined> {
  const run = promisify(execFile);
  try {
    const [version, encoders] = await Promise.all([
      run('ffmpeg', ['-hide_banner', '-version']),
      run('ffmpeg', ['-hide_banner', '-v', 'error', '-encoders']),
    ]);
    const names = new Set(encoders.stdout.split('\n').map((line) => line.trim().split(/\s+/)[1]));
    return {
      version: /^ffmpeg version (\S+)/.exec(version.stdout)?.[1] ?? 'unknown',
      encoders: ENCODERS.filter(({ name }) => names.has(name)),
    };
  } catch {
    return undefined;
  }
}

/** The encoder to use for pictures of a size, or undefined when this machine cannot encode them. */
export async function chooseEncoder(size: { width: number; height: number }): Promise<VideoEncoder | undefined> {
  const found = await findFfmpeg();
  const small = Math.min(size.width, size.height) < SMALLEST_AV1_SIDE;
  return found?.encoders.find(({ name }) => !(small && name === 'libsvtav1'));
}

export interface RawVideo {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** RGB, shape [frames, height, width, 3]. */
  readonly data: Uint8Array;
}

/**
 * Encodes pictures to an MP4 file (yuv420p, picture t shown at t / fps) and checks the file's index against them.
 * The same pictures, encoder version and machine give the same bytes.
 * @throws UnavailableError when ffmpeg fails or wrote another number of pictures; the file is removed
 */
export async function encodeVideo(video: RawVideo, encoder: VideoEncoder, path: string): Promise<void> {
  const { width, height, fps, data } = video;
  const frames = data.length / (width * height * 3);
  // One thread each: pictures are small, and the machine runs other work beside the recording.
  const tuning =
    encoder.name === 'libsvtav1' ? ['-svtav1-params', 'lp=1'] : ['-bf', '0', '-threads', '1', '-tune', 'animation'];
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', `${fps}`, '-i', 'pipe:0'];
  const coding = ['-c:v', encoder.name, '-preset', encoder.preset, '-crf', `${encoder.crf}`, ...tuning];
  const colour = ['-vf', ENCODE_COLOUR, '-pix_fmt', 'yuv420p'];
  const output = ['-g', `${KEY_FRAME_INTERVAL}`, '-fflags', '+bitexact', '-f', 'mp4', path];
  try {
    await runFfmpeg(['-y', ...input, ...colour, ...coding, ...output], { input: data });
    const track = await readMp4VideoTrack(path);
    if (track?.frames !== frames || !track.constantRate) {
      throw new UnavailableError(
        `ffmpeg's ${encoder.name} wrote ${track?.frames ?? 'no'} pictures to ${path}; expected ${frames}`,
        { fix: 'record with image storage "parquet", or use another ffmpeg' },
      );
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

export interface VideoRange {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** First picture, counted from the start of the file. */
  readonly start: number;
  /** Number of pictures. */
  readonly count: number;
}

/**
 * Decodes consecutive pictures of a video to RGB, shape [count, height, width, 3].
 * @throws UnavailableError without ffmpeg or its decoder; CorruptDataError when the file has not got the
 * pictures, its message without the path
 */
export async function decodeVideo(path: string, range: VideoRange): Promise<Uint8Array> {
  const { width, height, fps, start, count } = range;
  const data = new Uint8Array(count * width * height * 3);
  if (count === 0) return data;
  await checkTrack(path, range);
  // Half a picture early, so that rounding of the container's clock cannot skip the first one.
  const seek = start === 0 ? [] : ['-ss', ((start - 0.5) / fps).toFixed(6)];
  const input = ['-threads', '1', ...seek, '-i', path, '-map', '0:v:0', '-frames:v', `${count}`];
  const filters = `setpts=N/(${fps}*TB),${DECODE_COLOUR}`;
  const output = ['-vf', filters, '-r', `${fps}`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  let filled = 0;
  try {
    await runFfmpeg([...input, ...output], {
      onOutput: (chunk) => {
        if (filled + chunk.length <= data.length) data.set(chunk, filled);
        filled += chunk.length;
      },
    });
  } catch (cause) {
    if (cause instanceof FfmpegFailure && !/decoder.*not found/i.test(cause.message)) {
      throw new CorruptDataError(`cannot be decoded: ${cause.message}`, { fix: RESTORE, cause });
    }
    throw cause;
  }
  if (filled !== data.length) {
    throw new CorruptDataError(
      `gave ${filled} bytes for pictures ${start} to ${start + count}; expected ${data.length}`,
      { fix: RESTORE },
    );
  }
  return data;
}

const RESTORE = 'restore the video from a copy';

async function checkTrack(path: string, range: VideoRange): Promise<void> {
  let track: Awaited<ReturnType<typeof readMp4VideoTrack>>;
  try {
    track = await readMp4VideoTrack(path);
  } catch (cause) {
    throw new CorruptDataError('is missing or unreadable', { fix: RESTORE, cause });
  }
  if (track === undefined) throw new CorruptDataError('is not a whole MP4 video', { fix: RESTORE });
  if (track.width !== range.width || track.height !== range.height) {
    throw new CorruptDataError(`is ${track.width}x${track.height}; expected ${range.width}x${range.height}`, {
      fix: RESTORE,
    });
  }
  if (range.start + range.count > track.frames) {
    throw new CorruptDataError(
      `has ${track.frames} pictures; pictures ${range.start} to ${range.start + range.count} were asked for`,
      { fix: RESTORE },
    );
  }
}

/** ffmpeg ran and ended with an error. */
class FfmpegFailure extends RapportError {}

function runFfmpeg(
  args: readonly string[],
  streams: { readonly input?: Uint8Array; readonly onOutput?: (chunk: Uint8Array) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-hide_banner', '-v', 'error', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // SVT-AV1 prints its banner whatever ffmpeg's log level is.
      env: { ...process.env, SVT_LOG: '1' },
    });
    let errors = '';
    child.on('error', (cause) => {
      reject(new UnavailableError(`ffmpeg cannot be started: ${cause.message}`, { fix: FFMPEG_FIX, cause }));
    });
    child.stderr.on('data', (chunk) => {
      errors = `${errors}${chunk}`.slice(-4096);
    });
    child.stdout.on('data', (chunk: Uint8Array) => streams.onOutput?.(chunk));
    // A process that died closes its pipe; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(streams.input);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new FfmpegFailure(`ffmpeg ended with ${signal ?? `code ${code}`}: ${lastLine(errors)}`));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
