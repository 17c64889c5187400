import preset from '../../jest.preset.mjs';

export default preset('mikro-orm-timescale');
