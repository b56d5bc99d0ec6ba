/** Recorded pictures of one clip, decoded as they arrive. */
export class ClipPictures {
  readonly #frames: ImageBitmap[] = [];

  /** @param from frame number of the first picture @param files PNG files */
  async add(from: number, files: readonly Uint8Array[]): Promise<void> {
    const decoded = await Promise.all(
      files.map((file) => createImageBitmap(new Blob([file.slice()], { type: 'image/png' }))),
    );
    decoded.forEach((bitmap, index) => {
      this.#frames[from + index] = bitmap;
    });
  }

  /** Fills the canvas with the picture of the frame, whole and in its own shape; false when it is not there yet. */
  draw(canvas: HTMLCanvasElement, frame: number): boolean {
    const bitmap = this.#frames[frame];
    const context = canvas.getContext('2d');
    if (bitmap === undefined || context === null) return false;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const scale = Math.min(width / bitmap.width, height / bitmap.height);
    const [shownWidth, shownHeight] = [bitmap.width * scale, bitmap.height * scale];
    // Small pictures keep their pixels: smoothing them would show detail that the camera did not see.
    context.imageSmoothingEnabled = scale < 2;
    context.clearRect(0, 0, width, height);
    context.drawImage(bitmap, (width - shownWidth) / 2, (height - shownHeight) / 2, shownWidth, shownHeight);
    return true;
  }

  dispose(): void {
    for (const bitmap of this.#frames) bitmap?.close();
    this.#frames.length = 0;
  }
}
