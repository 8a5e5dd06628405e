export { svcMiaScores } from './svc';
