// matmul-wgrad/quad: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32; K and N multiples of 4, any M.
// The four invocations of a quad share COLS vec4 columns of dy; each owns VECS vec4 columns of x, which are 4·VECS rows
// of dw. Per four rows m of the batch, invocation i loads row m+i of dy alone and sees the others through quad
// swaps (see matmul-forward/quad). Rows beyond M count as 0.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // (R, M, K/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (R, K, N/4)

const M = 8u;
const N = 8u;
const K = 8u;
const VECS = 1u;
const ROWS = 4u; // 4 · VECS
const COLS = 2u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let laneX = quadSwapX(lane);
  let laneY = quadSwapY(lane);
  let laneD = quadSwapDiagonal(lane);
  let column = group.x * COLS;
  let vec = (group.y * 4u + lane) * VECS;
  let xBase = group.z * (X_STRIDE / 4u);
  let dyBase = group.z * (DY_STRIDE / 4u);

  var acc: array<vec4f, ROWS * COLS>;
  for (var m = 0u; m < M; m += 4u) {
    // Column j of the transposed tile: x of this row of dw at the four m that the quad swaps bring.
    var a: array<vec4f, ROWS>;
    //#unroll
    for (var v = 0u; v < VECS; v++) {
      let i = xBase + min(vec + v, K4 - 1u);
      let tile = transpose(mat4x4f(
        x[i + min(m + lane, M - 1u) * K4],
        x[i + min(m + laneX, M - 1u) * K4],
        x[i + min(m + laneY, M - 1u) * K4],
        x[i + min(m + laneD, M - 1u) * K4],
      ));
      a[v * 4u + 0u] = tile[0];
      a[v * 4u + 1u] = tile[1];
      a[v * 4u + 2u] = tile[2];
      a[v * 4u + 3u] = tile[3];
    }
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      let loaded = dy[dyBase + min(m + lane, M - 1u) * N4 + min(column + c, N4 - 1u)];
      let d0 = select(vec4f(), loaded, m + lane < M);
      let dyTile = mat4x4f(d0, quadSwapX(d0), quadSwapY(d0), quadSwapDiagonal(d0));
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        acc[r * COLS + c] += dyTile * a[r];
      }
    }
  }

  let dwBase = group.z * (DW_STRIDE / 4u);
  //#unroll
  for (var v = 0u; v < VECS; v++) {
    if (vec + v < K4) {
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        if (column + c < N4) {
          let i = dwBase + (vec + v) * 4u * N4 + column + c;
          dw[i] = acc[(v * 4u + 0u) * COLS + c];
          dw[i + N4] = acc[(v * 4u + 1u) * COLS + c];
          dw[i + 2u * N4] = acc[(v * 4u + 2u) * COLS + c];
          dw[i + 3u * N4] = acc[(v * 4u + 3u) * COLS + c];
        }
      }
    }
  }
}
