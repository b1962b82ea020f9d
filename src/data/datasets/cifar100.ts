import type { RecordSet } from '../record-set.ts';

/**
 * CIFAR-100, the official binary version: a file of 50,000 and one of 10,000 records, each 2 label bytes (one of 20 kinds, then one of 100
 * classes, which is what a net is asked for) and a 32 x 32 image in planes of red, green and blue.
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html
 */
export const cifar100: RecordSet = {
  name: 'cifar100',
  title: 'CIFAR-100',
  image: { channels: 3, height: 32, width: 32 },
  // Pure, so that whoever trains on something else is spared them.
  classNames: /* @__PURE__ */ (
    'apple, aquarium fish, baby, bear, beaver, bed, bee, beetle, bicycle, bottle, bowl, boy, bridge, bus, butterfly, camel, can, ' +
    'castle, caterpillar, cattle, chair, chimpanzee, clock, cloud, cockroach, couch, crab, crocodile, cup, dinosaur, dolphin, ' +
    'elephant, flatfish, forest, fox, girl, hamster, house, kangaroo, keyboard, lamp, lawn mower, leopard, lion, lizard, lobster, ' +
    'man, maple tree, motorcycle, mountain, mouse, mushroom, oak tree, orange, orchid, otter, palm tree, pear, pickup truck, ' +
    'pine tree, plain, plate, poppy, porcupine, possum, rabbit, raccoon, ray, road, rocket, rose, sea, seal, shark, shrew, skunk, ' +
    'skyscraper, snail, snake, spider, squirrel, streetcar, sunflower, sweet pepper, table, tank, telephone, television, tiger, ' +
    'tractor, train, trout, tulip, turtle, wardrobe, whale, willow tree, wolf, woman, worm'
  ).split(', '),
  labels: { bytes: 2, at: 1 },
  files: [
    {
      name: 'train.bin',
      split: 'train',
      firstImage: 0,
      images: 50_000,
      sha256: 'f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29',
    },
    {
      name: 'test.bin',
      split: 'test',
      firstImage: 0,
      images: 10_000,
      sha256: 'd8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a',
    },
  ],
  sources: [
    {
      kind: 'archive',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
      folder: 'cifar-100-binary',
    },
  ],
};
