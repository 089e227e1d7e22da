/** What is painted over a picture: strokes and boxes in its pixels, which can be taken back. */

/**
 * A stroke is `{tool: "brush" | "eraser", size, points: [[x, y], …]}`, a box
 * `{tool: "box", points}` of two corners. All are in pixels of the picture, whose upper left
 * corner is the origin.
 */

/** Paints all marks, and all around the picture, in one colour on what is there. */
export function paintMask(pen, { width, height }, frame, marks, colour) {
  pen.save();
  pen.translate(frame.left, frame.top);
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineCap = pen.lineJoin = "round";
  for (const mark of marks) paintMark(pen, mark);
  pen.globalCompositeOperation = "source-over";
  pen.fillRect(-frame.left, -frame.top, width + frame.left + frame.right, frame.top);
  pen.fillRect(-frame.left, height, width + frame.left + frame.right, frame.bottom);
  pen.fillRect(-frame.left, 0, frame.left, height);
  pen.fillRect(width, 0, frame.right, height);
  pen.restore();
}

function paintMark(pen, { tool, size, points }) {
  pen.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  if (tool === "box") {
    const [[x0, y0], [x1, y1]] = [points[0], points.at(-1)];
    pen.fillRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
    return;
  }
  // A dot of its own: a line without length is not drawn.
  pen.beginPath();
  pen.arc(...points[0], size / 2, 0, 2 * Math.PI);
  pen.fill();
  pen.lineWidth = size;
  pen.beginPath();
  pen.moveTo(...points[0]);
  for (const point of points) pen.lineTo(...point);
  pen.stroke();
}

/** The picture on its larger canvas; the margins repeat its edge, as they colour what comes. */
export function widened(image, { width, height }, frame) {
  const canvas = document.createElement("canvas");
  canvas.width = width + frame.left + frame.right;
  canvas.height = height + frame.top + frame.bottom;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  // Strips as [from, length, to, length] across and down: before, on and behind the picture.
  const strips = (size, before, behind) => [
    [0, 1, 0, before],
    [0, size, before, size],
    [size - 1, 1, before + size, behind],
  ];
  for (const [sx, sw, dx, dw] of strips(width, frame.left, frame.right)) {
    for (const [sy, sh, dy, dh] of strips(height, frame.top, frame.bottom)) {
      if (dw && dh) pen.drawImage(image, sx, sy, sw, sh, dx, dy, dw, dh);
    }
  }
  return canvas;
}

/** The mask as the server takes it: white is drawn anew, black stays. */
export function maskCanvas(size, frame, marks) {
  const mask = document.createElement("canvas");
  mask.width = size.width + frame.left + frame.right;
  mask.height = size.height + frame.top + frame.bottom;
  const pen = mask.getContext("2d");
  paintMask(pen, size, frame, marks, "white");
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "black";
  pen.fillRect(0, 0, mask.width, mask.height);
  return mask;
}

/** Whether nothing at all is painted. */
export function isBlank(mask) {
  const { data } = mask.getContext("2d").getImageData(0, 0, mask.width, mask.height);
  return !data.some((value, place) => place % 4 === 0 && value > 127);
}
