import type { PrepareGateway } from '../site.ts'
import { gatewaySite } from './gateway-site.ts'
import { LIST_LENGTH, startSimulatorProgram } from './program.ts'

/** The simulator comes and goes with it. */
export const prepareGateway: PrepareGateway = async ({ url, token }, options) => {
  await using building = new AsyncDisposableStack()
  const simulator = building.use(await startSimulatorProgram(LIST_LENGTH))
  const { site } = building.use(await gatewaySite({ name: url, url, token, simulator: simulator.url, ...options }))
  const owned = building.move()
  return { site, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
