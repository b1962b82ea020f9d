// What a trained net takes a picture of the visitor's own for.
import { loadNormalisation } from '../../data/load.ts';
import { type ImageSize, splitImages } from '../../data/record-set.ts';
import type { Gpu } from '../../gpu/device.ts';
import { mappedBytes } from '../../gpu/mapped-bytes.ts';
import { forBriefRun } from '../../train/brief-run.ts';
import { Predictor } from '../../train/predictor.ts';
import { readWeights } from '../../train/weights-file.ts';
import type { DataStore } from './data-store.ts';
import type { Device } from './device.ts';
import { EngineError } from './engine-error.ts';
import type { PictureGuess, PictureRequest } from './protocol.ts';
import { softmaxRows } from './softmax.ts';

/** @throws EngineError where the file is no picture; Error where the normalisation cannot be had, or the weights do not fit; GpuError */
export async function guessPicture(
  { device, store }: { readonly device: Device; readonly store: DataStore },
  { settings, weights, file }: PictureRequest,
): Promise<PictureGuess> {
  const { gpu } = await device.open();
  const { set } = store;
  const image = await planesOf(gpu, await middleSquare(file, set.image), set.image);
  const source = { baseUrl: 'kept', fetch: (url: string) => store.respond(url) };
  const trainingImages = splitImages(set, 'train') - settings.valSize;
  const normalisation = await loadNormalisation(set, source, trainingImages, settings.normalisation);
  // One image is soon computed: what counts is how soon its kernels compile.
  const predictor = await Predictor.make(forBriefRun(gpu), {
    net: settings.net,
    weights: readWeights(weights),
    normalisation,
    batchSize: 1,
  });
  try {
    return { image, probabilities: softmaxRows(await predictor.logits(image), settings.net.classes) };
  } finally {
    await predictor.destroy();
  }
}

async function middleSquare(file: File, { height, width }: ImageSize): Promise<ImageBitmap> {
  try {
    const whole = await createImageBitmap(file);
    const side = Math.min(whole.width, whole.height);
    const [left, top] = [whole.width, whole.height].map((length) => Math.floor((length - side) / 2));
    return await createImageBitmap(whole, left!, top!, side, side, {
      resizeWidth: width,
      resizeHeight: height,
      resizeQuality: 'high',
    });
  } catch {
    throw new EngineError('wrong-file', `${file.name} is no picture that this browser reads`);
  }
}

/** Planes of red, green and blue. Read from a texture: what is read from a canvas some browsers change, so that nobody is recognised by it. */
async function planesOf(
  gpu: Gpu,
  source: ImageBitmap,
  { channels, height, width }: ImageSize,
): Promise<Uint8Array<ArrayBuffer>> {
  const { device } = gpu;
  const label = 'picture';
  const bytesPerRow = 256 * Math.ceil((4 * width) / 256);
  const { COPY_DST, COPY_SRC, RENDER_ATTACHMENT } = GPUTextureUsage;
  const usage = COPY_DST | COPY_SRC | RENDER_ATTACHMENT;
  const texture = device.createTexture({ label, size: [width, height], format: 'rgba8unorm', usage });
  const buffer = device.createBuffer({
    label,
    size: bytesPerRow * height,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    device.queue.copyExternalImageToTexture({ source }, { texture }, [width, height]);
    const encoder = device.createCommandEncoder({ label });
    encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
    device.queue.submit([encoder.finish()]);
    const bytes = new Uint8Array(await mappedBytes(gpu, buffer));
    return Uint8Array.from({ length: channels * height * width }, (_, i) => {
      const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
      return bytes[Math.floor(pixel / width) * bytesPerRow + 4 * (pixel % width) + channel]!;
    });
  } finally {
    texture.destroy();
    buffer.destroy();
  }
}
