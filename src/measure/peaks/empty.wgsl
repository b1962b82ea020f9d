// empty: what starting a dispatch costs.
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;

@compute @workgroup_size(1)
fn main() {
  if (counter[0] == 0xffffffffu) {
    counter[0] = 0u;
  }
}
