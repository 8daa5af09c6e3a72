import { describe, expect, it } from '@jest/globals'
import { secretBytes, signature } from '../../../src/sinks/http/signature.js'

describe('signature', () => {
  it('is that of the example of Standard Webhooks', () => {
    const key = secretBytes('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')!
    const body = '{"test": 2432232314}'
    expect(signature(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })

  it('takes any other text as it is, and refuses what is no base64 behind whsec_', () => {
    expect(secretBytes('secret')?.toString()).toBe('secret')
    expect(secretBytes('whsec_')).toBeUndefined()
    expect(secretBytes('whsec_***')).toBeUndefined()
  })
})
