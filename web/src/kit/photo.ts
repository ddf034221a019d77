/** A photo of one's own under a drawing: it never leaves the screen. */
export interface Photo {
  url: string;
  aspect: number;
}

/** The photo in its own shape. It is read here and nowhere else. */
export function lay(file: File | undefined, show: (photo: Photo) => void): void {
  if (!file) return;
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.onload = () => show({ url, aspect: image.naturalWidth / image.naturalHeight });
  image.onerror = () => URL.revokeObjectURL(url);
  image.src = url;
}
