// matmul-dgrad/shuffle: dx(M,K) = dy(M,N) · wᵀ, w(K,N), row-major f32; N and K multiples of 4. As matmul-forward/shuffle: eight lanes hold a block of
// w, here 4·LOADS of n times 32·PASSES of k, while rows of dy go by.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, M, K/4)

const M = 8u;
const N = 8u;
const K = 32u;
const BLOCK = 8u;  // a multiple of 8
const LOADS = 2u;
const PASSES = 1u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;
const DEPTHS = (N4 + LOADS - 1u) / LOADS;
const HELD = 4u * LOADS * PASSES;

var<private> held: array<vec4f, HELD>; // (4 LOADS, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let column = group.x * 8u * PASSES + lane;
  let end = min((group.y + 1u) * BLOCK, M);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let dxBase = group.z * (DX_STRIDE / 4u);

  for (var block = 0u; block < DEPTHS; block++) {
    for (var q = 0u; q < LOADS; q++) {
      let n = block * LOADS + q;
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let i = wBase + 4u * (column + 8u * p) * N4 + n;
        let columns = transpose(mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4]));
        //#unroll
        for (var t = 0u; t < 4u; t++) {
          held[(4u * q + t) * PASSES + p] = select(vec4f(), columns[t], n < N4);
        }
      }
    }
    for (var eight = 0u; eight < BLOCK / 8u; eight++) {
      let first = min(group.y * BLOCK + 8u * eight, end);
      let rows = min(end - first, 8u);
      let dyRow = dyBase + min(first + lane, M - 1u) * N4;
      var own: array<vec4f, LOADS>;
      //#unroll
      for (var q = 0u; q < LOADS; q++) {
        own[q] = dy[dyRow + min(block * LOADS + q, N4 - 1u)];
      }
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let at = column + 8u * p;
        for (var r = 0u; r < rows; r++) {
          var sum = vec4f();
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let terms = subgroupShuffle(own[q], r);
            sum += terms.x * held[4u * q * PASSES + p];
            sum += terms.y * held[(4u * q + 1u) * PASSES + p];
            sum += terms.z * held[(4u * q + 2u) * PASSES + p];
            sum += terms.w * held[(4u * q + 3u) * PASSES + p];
          }
          if (at < K4) {
            let i = dxBase + (first + r) * K4 + at;
            if (block == 0u) {
              dx[i] = sum;
            } else {
              dx[i] += sum;
            }
          }
        }
      }
    }
  }
}
