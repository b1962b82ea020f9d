import { type MlpSpec, mlp, type NetSpec } from '../src/nn/net-spec.ts';

/** A fully connected net as tests write it. */
export interface FullyConnected extends Omit<MlpSpec, 'input'> {
  readonly inputs: number;
}

export const fullyConnected = ({ inputs, ...rest }: FullyConnected): NetSpec =>
  mlp({ input: { features: inputs }, ...rest });
