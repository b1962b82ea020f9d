// conv-dgrad/tile: dx of conv-forward (conv-dgrad/naive has the definition); C and N multiples of 4.
// With steps only pixels of one phase (h % STEP_Y, v % STEP_X) meet the same taps, so a tile has pixels of one phase: a workgroup of TILE²/16
// invocations computes TILE of them times TILE channels, 16 terms (filters of one or more taps) a round, an invocation 4×4 of it (see
// conv-forward/tile). For GPUs: 24 to 32 TFLOP/s on an H200 (2026-11-26).
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, B, P, Q, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, SIZE_Y, SIZE_X, C, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, B, H, W, C/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 4u;
const Q = 4u;
const N = 4u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const TILE = 32u;
const INVOCATIONS = 64u; // TILE² / 16
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const PHASE_H = (H + STEP_Y - 1u) / STEP_Y; // rows and columns of a phase, at most
const PHASE_W = (W + STEP_X - 1u) / STEP_X;
const M = B * PHASE_H * PHASE_W;
const BLOCKS = (C + TILE - 1u) / TILE;
const DEPTH = 16u;       // terms of a round
const PITCH = TILE + 4u; // spreads the rows of the tiles over the banks
const T4 = TILE / 4u;

var<workgroup> dyTile: array<f32, DEPTH * PITCH>; // (DEPTH, PITCH)
var<workgroup> wTile: array<f32, DEPTH * PITCH>;  // (DEPTH, PITCH)

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = group.x;
  let column = tile % BLOCKS * TILE;
  let phase = tile / BLOCKS % (STEP_Y * STEP_X);
  let phaseY = phase / STEP_X;
  let phaseX = phase % STEP_X;
  let row = tile / (BLOCKS * STEP_Y * STEP_X) * TILE;
  let ownRow = local / T4 * 4u;
  let ownColumn = local % T4 * 4u;
  let r0 = (phaseY + PAD_Y) % STEP_Y;
  let s0 = (phaseX + PAD_X) % STEP_X;
  let tapsY = (SIZE_Y + STEP_Y - 1u - min(r0, SIZE_Y)) / STEP_Y;
  let tapsX = (SIZE_X + STEP_X - 1u - min(s0, SIZE_X)) / STEP_X;
  let terms = tapsY * tapsX * N;

  var acc: array<vec4f, 4>;
  for (var k0 = 0u; k0 < terms; k0 += DEPTH) {
    for (var i = local; i < TILE * 4u; i += INVOCATIONS) {
      let k = k0 + i % 4u * 4u;
      let tap = k / N;
      let t = tap / max(tapsX, 1u);
      let u = tap % max(tapsX, 1u);
      let to = i % 4u * 4u * PITCH + i / 4u;
      let m = row + i / 4u;
      let p = (m / PHASE_W % PHASE_H * STEP_Y + phaseY + PAD_Y - r0) / STEP_Y - t; // in front of the first row it wraps to a large number
      let q = (m % PHASE_W * STEP_X + phaseX + PAD_X - s0) / STEP_X - u;
      let inside = m < M && k < terms && p < P && q < Q;
      let at = ((m / (PHASE_H * PHASE_W) * P + p) * Q + q) * N4 + k % N / 4u;
      let loaded = dy[group.z * (DY_STRIDE / 4u) + select(0u, at, inside)];
      let value = select(vec4f(), loaded, inside);
      dyTile[to] = value.x;
      dyTile[to + PITCH] = value.y;
      dyTile[to + 2u * PITCH] = value.z;
      dyTile[to + 3u * PITCH] = value.w;
      let c = column + i / 4u;
      let known = c < C && k < terms;
      let wAt = (((r0 + STEP_Y * t) * SIZE_X + s0 + STEP_X * u) * C + c) * N4 + k % N / 4u;
      let own = select(vec4f(), w[group.z * (W_STRIDE / 4u) + select(0u, wAt, known)], known);
      wTile[to] = own.x;
      wTile[to + PITCH] = own.y;
      wTile[to + 2u * PITCH] = own.z;
      wTile[to + 3u * PITCH] = own.w;
    }
    workgroupBarrier();
    for (var t = 0u; t < DEPTH; t++) {
      let bi = t * PITCH + ownColumn;
      let b = vec4f(wTile[bi], wTile[bi + 1u], wTile[bi + 2u], wTile[bi + 3u]);
      let a = t * PITCH + ownRow;
      acc[0] += dyTile[a] * b;
      acc[1] += dyTile[a + 1u] * b;
      acc[2] += dyTile[a + 2u] * b;
      acc[3] += dyTile[a + 3u] * b;
    }
    workgroupBarrier();
  }

  if (column + ownColumn < C) {
    for (var i = 0u; i < 4u; i++) {
      let m = row + ownRow + i;
      let h = m / PHASE_W % PHASE_H * STEP_Y + phaseY;
      let v = m % PHASE_W * STEP_X + phaseX;
      if (m < M && h < H && v < W) {
        let to = ((m / (PHASE_H * PHASE_W) * H + h) * W + v) * C4 + (column + ownColumn) / 4u;
        dx[group.z * (DX_STRIDE / 4u) + to] = acc[i];
      }
    }
  }
}
