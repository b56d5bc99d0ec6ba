import { type Rotation, updateRotation } from './rotation.js';

/**
 * A rigid body of the plane. Units are the caller's (metres, seconds, radians for X-Magical). The origin of the body
 * frame is the centre of mass. Mass and inertia are kept as inverses: 0 for what no impulse can move (static and
 * kinematic bodies).
 */
export class Body implements Rotation {
  // What changes begins as a number: a field that was once undefined allocates a number on the heap at every write.
  x = 0;
  y = 0;
  angle = 0;
  /** Cosine and sine of the angle; kept by `setAngle` and `integratePosition`. */
  cosine = 1;
  sine = 0;
  velocityX = 0;
  velocityY = 0;
  angularVelocity = 0;
  /**
   * Pseudo-velocity that pushes overlapping bodies apart. It moves the body in the next position update and is then
   * cleared, so that it adds no energy.
   */
  biasVelocityX = 0;
  biasVelocityY = 0;
  biasAngularVelocity = 0;
  readonly inverseMass: number;
  readonly inverseInertia: number;

  constructor(inverseMass: number, inverseInertia: number, x: number, y: number, angle: number) {
    this.inverseMass = inverseMass;
    this.inverseInertia = inverseInertia;
    this.x = x;
    this.y = y;
    this.angle = angle;
    updateRotation(this);
  }

  /** A body that impulses move. */
  static dynamic(mass: number, inertia: number, x: number, y: number, angle: number): Body {
    return new Body(1 / mass, 1 / inertia, x, y, angle);
  }

  /** A body of infinite mass: it stays, or moves as its velocity is set. */
  static unmovable(x = 0, y = 0, angle = 0): Body {
    return new Body(0, 0, x, y, angle);
  }

  setAngle(angle: number): void {
    this.angle = angle;
    updateRotation(this);
  }

  /** A point of the world in the body's frame. */
  toLocal(x: number, y: number): [x: number, y: number] {
    const { cosine, sine } = this;
    return [
      cosine * x + sine * y + (-sine * this.y - this.x * cosine),
      -sine * x + cosine * y + (this.x * sine - cosine * this.y),
    ];
  }

  /**
   * Moves the body by its velocity and bias velocity over a time step.
   * @returns whether the pose changed
   */
  integratePosition(timeStep: number): boolean {
    const dx = (this.velocityX + this.biasVelocityX) * timeStep;
    const dy = (this.velocityY + this.biasVelocityY) * timeStep;
    const turn = (this.angularVelocity + this.biasAngularVelocity) * timeStep;
    this.biasVelocityX = 0;
    this.biasVelocityY = 0;
    this.biasAngularVelocity = 0;
    if (dx === 0 && dy === 0 && turn === 0) return false;
    this.x += dx;
    this.y += dy;
    if (turn === 0) return true;
    this.angle += turn;
    updateRotation(this);
    return true;
  }

  /** Adds the impulse (jx, jy), acting at the offset (rx, ry) from the centre of mass, to the velocities. */
  applyImpulse(jx: number, jy: number, rx: number, ry: number): void {
    this.velocityX += jx * this.inverseMass;
    this.velocityY += jy * this.inverseMass;
    this.angularVelocity += this.inverseInertia * (rx * jy - ry * jx);
  }

  /** The same for the bias velocities. */
  applyBiasImpulse(jx: number, jy: number, rx: number, ry: number): void {
    this.biasVelocityX += jx * this.inverseMass;
    this.biasVelocityY += jy * this.inverseMass;
    this.biasAngularVelocity += this.inverseInertia * (rx * jy - ry * jx);
  }
}
